"""A small shop on Django's ORM."""

from typing import Any

from django.db import models
from django.db.models.functions import Lower


class EncryptedTextField(models.TextField):
    """Keeps `drowssap` and gives `password`."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else value[::-1]

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else value[::-1]


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Customer(models.Model):
    name = models.CharField(max_length=40)
    secret = models.CharField(max_length=40, default="")
    password = models.CharField(max_length=40, default="")
    card = EncryptedTextField(null=True)
    settings = models.JSONField(default=dict)
    favourite = models.ForeignKey("Order", models.SET_NULL, null=True, related_name="+")


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.CASCADE)
    quantity = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=3)
    state = models.CharField(max_length=40, db_default="new")
    note = models.TextField(null=True)
    tags = models.ManyToManyField(Tag)


class UrgentOrder(Order):
    """In two tables."""

    hours = models.IntegerField(default=24)


class OrderView(Order):
    class Meta:
        proxy = True


class Stock(models.Model):
    sku = models.CharField(max_length=40, primary_key=True)
    shelf = models.CharField(max_length=40, default="a")
    count = models.IntegerField(default=0)


class Voucher(models.Model):
    """Its code is unique as an expression, which no reader can look up."""

    code = models.CharField(max_length=40)

    class Meta:
        constraints = (models.UniqueConstraint(Lower("code"), name="voucher_code"),)


class Ticket(models.Model):
    """The name of a row lets its holder in."""

    code = models.CharField(max_length=40, primary_key=True)
    used = models.BooleanField(default=False)
