"""URLs, and the one view."""

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path


def index(request):
    return HttpResponse(f"<p>{User.objects.count()} users</p><img src={static('logo.svg')}>")


urlpatterns = [path("", index)]
