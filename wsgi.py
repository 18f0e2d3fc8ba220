"""The WSGI entry: `gunicorn -c gunicorn.conf.py wsgi:app`, `flask --app wsgi …`."""

from gevent import monkey

monkey.patch_all()

from app import create_app  # nothing may be imported before the patch

app = create_app()
