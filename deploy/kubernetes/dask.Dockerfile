# The service's image with Dask and what reads and writes files: workers, scheduler, command.
# docker build -t credit_risk_files:1 --build-arg SERVICE=credit_risk_classifier:TAG \
#     -f deploy/kubernetes/dask.Dockerfile deploy/requirements
# Where the package index needs settings of pip: --secret id=pip,src=FILE, as in a pip.conf.
ARG SERVICE
FROM ${SERVICE}

USER root
COPY dask.txt /app/dask.txt
RUN --mount=type=secret,id=pip --mount=type=secret,id=certificates \
    PIP_CONFIG_FILE=/run/secrets/pip \
    /usr/local/bin/python -m pip --python /app/.venv/bin/python install --no-deps --require-hashes \
        --only-binary :all: --no-cache-dir --quiet --root-user-action ignore -r /app/dask.txt
ENV PYTHONPATH=${BENTO_PATH}/src
WORKDIR ${BENTO_PATH}/src
USER 1034:1034
ENTRYPOINT []
