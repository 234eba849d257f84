"""The panels of the page. They know nothing of torch; everything they show comes from app.generation.pair."""
