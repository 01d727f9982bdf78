from django.http import HttpResponse
from django.urls import path


def users(request):
    from django.contrib.auth.models import User

    return HttpResponse(str(User.objects.count()))


urlpatterns = [path("users/", users)]
