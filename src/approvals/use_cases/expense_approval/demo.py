#!/usr/bin/env python3
"""`make demo-expense`: small, large and rejected expenses, and the ledger after them."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demonstration import Demonstration, say, show  # noqa: E402

BOSS, ANN, CLEO, USER = "boss@example.com", "ann@example.com", "cleo@example.com", "user@example.com"


def main():
    demo = Demonstration("expense_approval", "expenses", Managers=BOSS, Finance=ANN, Directors=CLEO)
    print(f"Up to 100.00 EUR {BOSS} decides alone; up to 1000.00 {ANN} of finance, too; above it also {CLEO}, a director.")

    def expense(expense_id, amount, purpose, requester=USER):
        return {"expense_id": expense_id, "purpose": purpose, "requester": requester, "amount": amount, "currency": "EUR"}

    say("80.00 EUR for a train ticket: a manager is enough.")
    small, small_run = demo.submit("exp-1", **expense("exp-1", "80.00", "Train to Berlin"))
    demo.expect("sent again under its name, it is the same request", demo.submit("exp-1", **expense("exp-1", "80.00", "Train to Berlin")), (small, small_run))
    demo.approve(small, BOSS)
    demo.expect("it is booked", demo.result(small_run)["booked"], True)

    say("5000.00 EUR for a printer: three have to approve, one after the other.")
    large, large_run = demo.submit(**expense("exp-2", "5000.00", "Printer"))
    demo.may_not_decide(large, ANN, "STAGE_NOT_OPEN")
    demo.may_not_amend(large, USER, ["--field", "Amount=50.00 EUR"])
    for person in (BOSS, ANN, CLEO):
        demo.approve(large, person)
    demo.expect("it is booked", demo.result(large_run)["booked"], True)

    say("640.10 EUR for a chair: the manager agrees, finance does not.")
    chair, chair_run = demo.submit(**expense("exp-3", "640.10", "Chair"))
    demo.approve(chair, BOSS)
    demo.reject(chair, ANN, "We have chairs")
    result = demo.result(chair_run)
    demo.expect("it was rejected", (result["decision"], result["booked"]), ("rejected", False))

    say("The train ticket once more, by somebody who forgot: it is approved, but stands in the ledger already.")
    again, again_run = demo.submit(**expense("exp-1", "80.00", "Train to Berlin"))
    demo.approve(again, BOSS)
    result = demo.result(again_run)
    demo.expect("it is not booked again", (result["booked"], result["already_booked_by"]), (False, small))

    say("What is no exact amount, another currency, or the manager's own expense is refused at once.")
    demo.refused("amount: expected text such as '1234.50'", **expense("exp-4", 80.1, "A number would be rounded somewhere"))
    demo.refused("currency: expected EUR, found 'USD'", **{**expense("exp-5", "80.10", "Taxi"), "currency": "USD"})
    demo.refused("as many as may approve a request of boss@example.com", **expense("exp-6", "10.00", "Lunch", BOSS))

    say("The ledger: what was approved, each once, in whole cents.")
    ledger = demo.items("ExpenseLedger", "expense_id")
    show(ledger, "expense_id", "cents", "currency", "requester", "approver", "approval_id")
    demo.expect("the entries", [(e["expense_id"], e["cents"], e["approver"], e["approval_id"]) for e in ledger],
                [("exp-1", 8000, BOSS, small), ("exp-2", 500000, CLEO, large)])
    say("Done: two booked once, one of them though it was approved twice; one rejected and not booked, three refused.")


main()
