"""Layers around the endpoints."""
