"""This Core at work. `core.Core` holds the parts; every part is one noun and can be used by itself."""
