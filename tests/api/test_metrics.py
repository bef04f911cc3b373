"""What /metrics tells of programs."""

from flask import Flask

from tests.factories import Factory
from tests.test_metrics import REQUESTS, Scrape, grown


def test_request_of_a_program_is_counted_by_its_operation(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    posts = [make.post(ann) for _ in range(2)]
    before = Scrape(app)

    for post in (*posts, 4711):
        app.test_client().get(f"/api/v1/posts/{post}")

    labels = {"method": "GET", "endpoint": "api.post"}
    assert grown(app, before, REQUESTS, **labels, status="200") == 2
    assert grown(app, before, REQUESTS, **labels, status="404") == 1
