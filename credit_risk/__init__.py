"""Credit risk as a service: an application in, a decision with its probability of default out."""

__version__ = "0.1.0"
"""Of the service; bento, image and document take it from here. See CHANGELOG.md."""
