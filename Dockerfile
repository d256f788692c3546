FROM python:3.12-slim

COPY . /source
RUN pip install --no-cache-dir '/source[tls]' \
    && useradd --create-home afas

USER afas
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/', timeout=1)"]

# Outside the container nobody is loopback, so the control API asks for a key: give --control-key KEY, or read the log.
ENTRYPOINT ["mock-afas", "serve", "--host", "0.0.0.0"]
