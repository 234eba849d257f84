"""The user study of the paper (Sec. 5.2, Fig. 5): which of two accelerated videos people prefer."""
