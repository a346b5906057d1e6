# docker build -t augment-tf .
# docker run --rm -it --user "$(id -u):$(id -g)" -v "$PWD:/work" augment-tf --study=demo
#
# For NVIDIA GPUs, on a host with their container toolkit:
# docker build -t augment-tf-gpu --build-arg REQUIREMENTS=requirements-gpu.txt .
# docker run --rm -it --gpus all ... augment-tf-gpu --devices
#
# Data and runs are in the folder that is mounted as /work.
FROM python:3.13-slim-bookworm
ARG REQUIREMENTS=requirements.txt
WORKDIR /app
COPY requirements.txt requirements-gpu.txt constraints.txt ./
RUN pip install --no-cache-dir -r "$REQUIREMENTS"
COPY . .
# Users of --user have no home.
ENV HOME=/tmp
WORKDIR /work
# nobody
USER 65534
ENTRYPOINT ["python", "/app/main.py"]
