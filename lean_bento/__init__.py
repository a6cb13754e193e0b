"""Adapters between BentoML's HTTP server and the package. Knows nothing of credit.

What a request passes on its way from the socket to a method in ``service.py``, outermost first::

    server, accepting     a worker's HTTP server, and how it takes connections in
    connection, exchange  bytes to a request, an answer to bytes; what is no request ends here
    key_door              who may ask: 401, 403
    answer_headers        what a method adds to its answer, such as X-Decision-Id
    lean, endpoint        a POST of JSON or .npy: read, validate, call, write; there it ends
    uniform_errors        whatever else goes BentoML's way, whose errors get one shape
    known_paths           404
    (BentoML)             metrics, time limit, requests at once
    lateness              429
    media_types           415
    size_limits           413
    query                 400, for a query that nobody would read
    whole_files           takes Range headers out

The lean path does the work of all that stand below it and keeps their limits, which
``middleware_stack`` finds. Applications that come together meet in ``batching``.
"""
