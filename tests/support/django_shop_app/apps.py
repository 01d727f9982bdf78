from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "tests.support.django_shop_app"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
