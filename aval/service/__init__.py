"""One application becomes a decision that stands on record.

decide counter making            a dossier is judged, logged, answered
contract body inputs example     one applicant as JSON: checked, kept, restored
files jobs lines                 whole files, in parts, by leased jobs
live                             which model decides now
whatif overriding replaying      otherwise, by an officer, again
log/                             the record: chain, seal, head, verification
access role provider keys        who may
api/                             HTTP: one gate, one way to fail
views portfolio curve            the log looked at
cards crowd letter words         what screens and customers read
  (answer judged listing portrait terms labels remedies)
commands running keys            the commands
  (screen outline tracing)
"""
