# Wheels are made where there is a compiler; the image that runs has none.
FROM python:3.11 AS wheels
WORKDIR /build
COPY requirements.txt requirements-fast.txt ./
RUN pip wheel --no-cache-dir --wheel-dir /wheels -r requirements.txt -r requirements-fast.txt

FROM python:3.11-slim
RUN groupadd --system --gid 10001 hub \
    && useradd --system --uid 10001 --gid hub --home-dir /app --shell /usr/sbin/nologin hub \
    && install -d -o hub -g hub /var/lib/hub
WORKDIR /app
COPY requirements.txt requirements-fast.txt ./
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels -r requirements.txt -r requirements-fast.txt
COPY wsgi.py gunicorn.conf.py ./
COPY config config/
COPY migrations migrations/
COPY app app/
COPY scripts/serve scripts/is-live scripts/

# Secrets and DATABASE_URL come from outside: see README.md, "Configuration".
ENV APP_CONFIG=production \
    BIND=0.0.0.0:8000 \
    INSTANCE_PATH=/var/lib/hub \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["scripts/is-live"]
CMD ["scripts/serve"]
