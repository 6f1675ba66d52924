# docker build -t harness .
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" harness sample photos
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" harness predict --model resnet --data photos
# docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" --entrypoint pytest harness --pyargs harness.suites
FROM python:3.12-slim

# Of torch the build for CPUs, a tenth of the other; in a layer that code does not change.
RUN pip install --no-cache-dir torch torchvision \
    --index-url https://download.pytorch.org/whl/cpu

COPY pyproject.toml setup.py README.md LICENSE /src/
COPY harness /src/harness
COPY suites /src/suites
RUN pip install --no-cache-dir '/src[onnx,plots,xdist]'

# What is measured is kept in the folder that is mounted.
RUN useradd --create-home harness && mkdir /work && chown harness /work
USER harness
WORKDIR /work
ENV HARNESS_STORE=/work/.harness \
    HARNESS_CACHE_DIR=/work/.harness-cache

# `docker stop --time 60` is Ctrl-C: a report of what there is, within the time.
STOPSIGNAL SIGTERM
ENTRYPOINT ["harness"]
CMD ["--help"]
