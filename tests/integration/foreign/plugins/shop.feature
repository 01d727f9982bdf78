Feature: A shop
  Scenario: One sale
    Given a database
    When the sales are counted
    Then there is 1
