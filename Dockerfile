# The site in a container: one image for web, worker, deploy and every other command.
#
#   docker build -t flasky --build-arg COMMIT="$(git rev-parse HEAD)" --build-arg RELEASE=42 .
#
# docs/deploying/containers.md tells how to run it. BASE may be any image of a Debian or Ubuntu
# with Python 3.11 or newer and its venv module.

ARG BASE=docker.io/library/python:3.13-slim

# ------------------------------------------------------------------------ build

FROM ${BASE} AS build
RUN python3 -m venv /venv

# Wheels alone: neither stage needs a compiler, and nothing downloaded runs here.
COPY requirements/docker.txt /tmp/requirements.txt
RUN --mount=type=cache,target=/root/.cache/pip \
    /venv/bin/pip install --disable-pip-version-check --only-binary :all: \
        --require-hashes --requirement /tmp/requirements.txt \
    && /venv/bin/pip uninstall --yes --quiet pip setuptools

WORKDIR /srv/flasky
COPY . .
# The root file system is read-only later, so bytecode is written now.
RUN FLASK_CONFIG=development DEV_DATABASE_URL=sqlite:// STATIC_COLLECTED=collected \
        /venv/bin/flask --app manage static collect \
    && /venv/bin/python3 -m compileall -q .

# ------------------------------------------------------------------------ run

FROM ${BASE}

# Official images of Python come without the bytecode of its own library: each start would
# compile it again. Where it is there, this changes nothing.
RUN python3 -m compileall -q -x '/(test|tests|idlelib|lib2to3|tkinter|turtledemo|ensurepip)/' \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && groupadd --gid 10001 flasky \
    && useradd --uid 10001 --gid flasky --no-create-home --home-dir /nonexistent flasky \
    && install --directory --owner flasky --group flasky /data

COPY --from=build /venv /venv
COPY --from=build /srv/flasky /srv/flasky

WORKDIR /srv/flasky
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001

# A container has as many processors as it is given, and Python sees all that the machine has:
# so two processes here, and more containers for more.
ENV PATH=/venv/bin:$PATH \
    FLASK_APP=manage.py \
    FLASK_CONFIG=docker \
    PORT=8000 \
    STATIC_COLLECTED=collected \
    WEB_CONCURRENCY=2

EXPOSE 8000
ENTRYPOINT ["/venv/bin/python3", "-P", "/srv/flasky/deploy/container/entrypoint.py"]
CMD ["web"]
HEALTHCHECK --interval=30s --timeout=5s --retries=3 \
    CMD ["python3", "-IS", "/srv/flasky/deploy/container/health.py"]

# Last, since they differ from build to build.
ARG COMMIT=
ARG RELEASE=
ENV FLASKY_COMMIT=${COMMIT} \
    FLASKY_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title="Flasky" \
      org.opencontainers.image.description="A small social blog: web, worker and deploy" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.version="${RELEASE}"
