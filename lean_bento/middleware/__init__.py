"""ASGI layers around BentoML's application."""
