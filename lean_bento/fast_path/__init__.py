"""Answers an API method without BentoML's detours."""
