# One image for the web server, the worker and every flask command.
#
#   docker build -t flasky --build-arg COMMIT="$(git rev-parse HEAD)" --build-arg RELEASE=42 .
#
# docs/deploying/containers.md explains how to run it. BASE can be any Debian or Ubuntu image with
# Python 3.11 or newer and its venv module.

ARG BASE=docker.io/library/python:3.13-slim

# ------------------------------------------------------------------------ build

FROM ${BASE} AS build
RUN python3 -m venv /venv

# Wheels only: no stage needs a compiler, and no downloaded setup code runs.
COPY requirements/docker.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    /venv/bin/pip install --disable-pip-version-check --only-binary :all: \
        --require-hashes --requirement /tmp/requirements.txt \
    && /venv/bin/pip uninstall --yes --quiet pip setuptools

WORKDIR /srv/flasky
COPY . .
# Compile bytecode now: the root file system is read-only at run time.
RUN FLASK_CONFIG=development DEV_DATABASE_URL=sqlite:// STATIC_ROOT=collected \
        /venv/bin/flask --app manage static collect \
    && /venv/bin/python3 -m compileall -q .

# ------------------------------------------------------------------------ run

FROM ${BASE}

# Official Python images have no bytecode of the standard library, so every start would compile it.
# On other images this has no effect.
RUN python3 -m compileall -q -x '/(test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip)/' \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && groupadd --gid 10001 flasky \
    && useradd --uid 10001 --gid flasky --no-create-home --home-dir /nonexistent flasky \
    && install --directory --owner flasky --group flasky /data

COPY --from=build /venv /venv
COPY --from=build /srv/flasky /srv/flasky

WORKDIR /srv/flasky
# A numeric user, so that Kubernetes can verify runAsNonRoot.
USER 10001:10001

# Python sees all CPUs of the machine, not those of the container, so set the number of processes.
# Scale with more containers.
ENV PATH=/venv/bin:$PATH \
    FLASK_APP=manage.py \
    FLASK_CONFIG=docker \
    PORT=8000 \
    STATIC_ROOT=collected \
    WEB_CONCURRENCY=2

EXPOSE 8000
ENTRYPOINT ["/venv/bin/python3", "-P", "/srv/flasky/deploy/container/entrypoint.py"]
CMD ["web"]
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["python3", "-IS", "/srv/flasky/deploy/container/health.py"]

# Last, because they change with every build.
ARG COMMIT=
ARG RELEASE=
ENV COMMIT=${COMMIT} \
    RELEASE=${RELEASE}
LABEL org.opencontainers.image.title="Flasky" \
      org.opencontainers.image.description="A small social blog: web, worker and deploy" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${RELEASE}"
