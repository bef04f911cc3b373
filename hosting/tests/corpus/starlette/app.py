"""A Starlette application with server-sent events."""

import asyncio

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route


async def homepage(request):
    return PlainTextResponse("Hello, World!")


async def events(request):
    async def count():
        for number in range(int(request.query_params.get("count", 1000))):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.5)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(count(), headers=headers, media_type="text/event-stream")


app = Starlette(routes=[Route("/", homepage), Route("/events", events)])
