#!/usr/bin/env python3
"""`make demo-document`: a contract, a design and a budget, and the table of documents after them."""
import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demonstration import Demonstration, say, show  # noqa: E402

LEA, FINN, DORA, CLEO, USER = "lea@example.com", "finn@example.com", "dora@example.com", "cleo@example.com", "user@example.com"


def main():
    demo = Demonstration("document_approval", "documents", Legal=LEA, Finance=FINN, Designers=DORA, Directors=CLEO)
    print(f"{LEA} is a lawyer, {FINN} in finance, {DORA} a designer, {CLEO} a director.")

    def document(document_id, name, kind, version, text, **more):
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"document_id": document_id, "document_name": name, "kind": kind, "version": version, "digest": digest, "requester": USER, **more}

    say("A contract: two of legal and finance review it, then a director signs.")
    contract = document("doc-1", "Lease of the office", "contract", 3, "We rent the house.")
    lease, lease_run = demo.submit(**contract)
    demo.approve(lease, FINN)
    demo.may_not_decide(lease, CLEO, "STAGE_NOT_OPEN")
    demo.approve(lease, LEA)
    demo.approve(lease, CLEO, "Signed")
    demo.expect("it is marked as approved", [demo.result(lease_run)[name] for name in ("decision", "marked")], ["approved", True])

    say("The same version again: it is approved, and nobody is asked twice.")
    demo.refused("is approved already", **{**contract, "digest": "0" * 64})

    say("A design: one of the designers decides.")
    logo, logo_run = demo.submit(**document("doc-2", "Logo", "design", 1, "A blue square."))
    demo.reject(logo, DORA, "Not readable on a phone")
    demo.expect("it was rejected", demo.result(logo_run)["decision"], "rejected")

    say("Two budgets: up to 10000.00 EUR finance decides alone, above it a director has to agree.")
    for document_id, amount, deciders in (("doc-3", "9500.00", [FINN]), ("doc-4", "250000.00", [FINN, CLEO])):
        budget, budget_run = demo.submit(**document(document_id, "Budget 2027", "budget", 1, amount, amount=amount, currency="EUR"))
        for person in deciders:
            demo.approve(budget, person)
        demo.expect("it is marked as approved", demo.result(budget_run)["decision"], "approved")

    say("The documents, each version with what was decided about it.")
    documents = demo.items("Documents", "document_id")
    show([{**d, "digest": d["digest"][:12] + "…"} for d in documents], "document_id", "version", "kind", "decision", "approver", "comments", "digest")
    demo.expect("the documents", [(d["document_id"], d["version"], d["decision"], d["approver"]) for d in documents],
                [("doc-1", 3, "approved", CLEO), ("doc-2", 1, "rejected", DORA), ("doc-3", 1, "approved", FINN), ("doc-4", 1, "approved", CLEO)])
    demo.expect("the digest is that of what was approved", (documents[0]["digest"], documents[0]["approval_id"]), (contract["digest"], lease))
    demo.expect("why the design was rejected", documents[1]["comments"], "Not readable on a phone")
    say("Done: three versions approved, one rejected with its reason, one not asked for twice.")


main()
