"""A FastAPI application with an API key and a WebSocket."""

from fastapi import FastAPI, Header, WebSocket

app = FastAPI()


@app.get("/")
async def read_root():
    return {"Hello": "World"}


@app.get("/me")
async def read_me(x_api_key: str = Header()):
    return {"key": x_api_key}


@app.websocket("/ws")
async def echo(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()
