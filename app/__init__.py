"""AdaCache Studio: adaptive caching of video diffusion transformers, without any user interface."""
