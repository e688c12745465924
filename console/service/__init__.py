"""A Core's HTTP face: one router per noun, sign-in, roles, the change feed. It presents domain values as the JSON of
`domain.answers` and leaves all work to the engine."""

from console.service import described  # noqa: F401 - before any other module here imports FastAPI
