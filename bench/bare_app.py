"""The bare call's other end: FastAPI on uvicorn, one model in, one object out. python bench/bare_app.py PORT"""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel


class Body(BaseModel):
    case_id: str
    number: int


def create() -> FastAPI:
    app = FastAPI()

    @app.post("/v1/bare", status_code=201)
    def bare(body: Body) -> dict[str, int]:
        return {"version": body.number}

    @app.get("/livez")
    def livez() -> dict[str, str]:
        return {"status": "alive"}

    return app


if __name__ == "__main__":
    uvicorn.run(create(), host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
