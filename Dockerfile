# Packages are built in this stage, which has a compiler; the final image has none.
FROM python:3.11-bookworm AS build
WORKDIR /build
COPY requirements.txt requirements-fast.txt ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt
# Optional: without the C parser gunicorn parses in Python.
RUN /venv/bin/pip install --no-cache-dir -r requirements-fast.txt || echo "requests are parsed in Python" >&2

FROM python:3.11-slim-bookworm
RUN groupadd --system --gid 10001 hub \
    && useradd --system --uid 10001 --gid hub --home-dir /app --shell /usr/sbin/nologin hub \
    && install -d -o hub -g hub -m 700 /var/lib/hub
COPY --from=build /venv /venv
WORKDIR /app
COPY wsgi.py gunicorn.conf.py ./
COPY config config/
COPY server server/
COPY migrations migrations/
COPY app app/
COPY scripts/serve scripts/is-live scripts/

# Secrets and DATABASE_URL are set at the start: see docs/operate/settings.md.
ENV PATH=/venv/bin:$PATH \
    APP_CONFIG=production \
    BIND=0.0.0.0:8000 \
    INSTANCE_PATH=/var/lib/hub \
    PYTHONUNBUFFERED=1
# At run time the file system may be read-only.
RUN python -m compileall -q app config migrations server
VOLUME /var/lib/hub
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["scripts/is-live"]
CMD ["scripts/serve"]
