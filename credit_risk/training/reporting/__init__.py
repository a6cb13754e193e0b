"""The report on a model: numbers, pictures, page."""
