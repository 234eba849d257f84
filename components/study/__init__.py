"""The Study room: people compare accelerated videos without knowing the methods, and what they preferred."""
