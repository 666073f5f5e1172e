# Dormouse: bot, agent and Meadow in one image. Nothing is downloaded at run time; runs as uid 10001 on a read-only root.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python3 -m venv /opt/dormouse
COPY requirements.txt .
RUN /opt/dormouse/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY core core
RUN /opt/dormouse/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
 && /opt/dormouse/bin/pip uninstall --yes --quiet setuptools pip \
 && find /opt/dormouse -depth \( -name tests -o -name test \) -path '*/site-packages/*' -type d -exec rm -rf {} + \
 && /opt/dormouse/bin/python -m compileall -q -j 0 /opt/dormouse

FROM python:3.13-slim
COPY --from=build /opt/dormouse /opt/dormouse
RUN mkdir /data && chown 10001:10001 /data
ENV PATH=/opt/dormouse/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DORMOUSE_DATA_DIR=/data \
    DORMOUSE_HEALTH=0.0.0.0:8081
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8081
ENTRYPOINT ["dormouse"]
CMD ["run"]
