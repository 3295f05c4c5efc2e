// The dictionary of compact values: what rows of executions, their journals and items usually consist of. Frozen: what
// is on disk was compressed against these very bytes. Another dictionary gets a mark of its own (compact_store.cpp).
//
// The tables are how often its bytes, and lengths and distances of what repeats, occur in such rows: without them each
// row carries its own. ZDICT_finalizeDictionary (zstd 1.5.4, level 3) made them of the text and 2,400 rows of the load
// programs' approvals and steps. (RFC 8878, section 5)
#pragma once

#include <string_view>

namespace holdpoint::store {

inline constexpr std::string_view kDictionary =
    R"dictionary("error":{"ErrorMessage":"","ErrorType":"","ErrorData":"","StackTrace":[]},"replay":true,"hb":,"due":1,"fn":"arn:aws:lambda:us-east-1:000000000000:function:","tenant":"","trace":"Root=1-
"},{"k":"execution_closed","at":1,"payload":"{","status":"FAILED","TIMED_OUT","STOPPED","k":"failed","k":"ready","k":"cancelled","k":"timed_out","k":"heartbeat","k":"stopped","k":"retried","at":1
,"type":"WAIT","name":"wait","sub":"Wait","s":1,"type":"CONTEXT","name":"map","sub":"Map","sub":"MapIteration","parent":"","sub":"Parallel","sub":"ParallelBranch","sub":"RunInChildContext","sub":"WaitForCallback","type":"CHAINED_INVOKE","name":"","sub":"ChainedInvoke"
6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35
4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce
4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a
ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d
e7f6c011776e8db7cd330b54174fd76f7d0216b612387a5ffcfb81e6f0919683
7902699be42c8a8e46fbbb4501726517e86b22c56a189f7625a6da49081b2451
2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3
19581e27de7ced00ff1ce50b2047e7a567c76b1cbaebabe5ef03f7c3017bb5b7
4a44dc15364204a80fe80e9039455cc1608281820fe2b24f1e5233ade6af1dd5
4fc82b26aecb47d2868c4efbe3581732a3e7cbcc6c2efb32062c08170a05eeb8
6b51d431df5d7f141cbececcf79edf3dd861c3b4069f0b11661a3eefacbba918
{"number":,"id":"","name":"","arn":"arn:aws:lambda:us-east-1:000000000000:function::1/durable-execution//","function":"","version":"1","started_at":1,"timeout_seconds":90000,"retention_days":14,"synchronous":false,"input_digest":"","trace_header":"","status":"RUNNING"}
[{"k":"execution_started","at":1,"payload":"{\"document_id\": \"\", \"document_name\": \"\", \"requester\": \"\"}","s":90000}]
[{"k":"started","at":1,"id":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","type":"STEP","name":"new-approval-id","sub":"Step"},{"k":"succeeded","at":1,"id":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b","payload":"{\"approval_id\":\"\",\"created_at\":\"20\"}","n":1}]
[{"k":"started","at":1,"id":"d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35","type":"CALLBACK","name":"decision","sub":"Callback","s":86400,"callback":"AAAAAAAA"}]
[{"k":"started","at":1,"id":"4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce","type":"STEP","name":"create-approval-request","sub":"Step"},{"k":"succeeded","at":1,"id":"4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce","n":1}]
[{"k":"started","at":1,"id":"4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a","type":"STEP","name":"notify-approvers","sub":"Step"},{"k":"succeeded","at":1,"id":"4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a","n":1}]
[{"k":"started","at":1,"id":"ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d","type":"STEP","name":"record-notification","sub":"Step"},{"k":"succeeded","at":1,"id":"ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d","n":1}]
[{"k":"invocation_completed","at":1,"request":"","from":1}]
{"actor_proof":{"S":"claimed"},"approval_id":{"S":""},"at":{"S":"20"},"details":{"M":{"document_id":{"S":""},"expires_at":{"S":"20"}}},"digests":{"M":{"actor":{"S":""},"document_name":{"S":""},"requester":{"S":""}}},"event":{"S":"created"},"hash":{"S":""},"personal":{"M":{"actor":{"M":{"salt":{"S":""},"value":{"S":""}}},"document_name":{"M":{"salt":{"S":""},"value":{"S":""}}},"requester":{"M":{"salt":{"S":""},"value":{"S":""}}}}},"prev_hash":{"S":"0000000000000000000000000000000000000000000000000000000000000000"},"seq":{"N":"1"},"shown_digest":{"S":""}}
{"actor_proof":{"S":"system"},"approval_id":{"S":""},"at":{"S":"20"},"details":{"M":{}},"digests":{"M":{"actor":{"S":""}}},"event":{"S":"notified"},"hash":{"S":""},"personal":{"M":{"actor":{"M":{"salt":{"S":""},"value":{"S":"holdpoint"}}}}},"prev_hash":{"S":""},"seq":{"N":"2"},"shown_digest":{"S":""}}
{"approval_id":{"S":""},"callback_token":{"S":"AAAAAAAA"},"created_at":{"S":"20"},"document_id":{"S":""},"document_name":{"S":""},"execution_arn":{"S":"arn:aws:lambda:us-east-1:000000000000:function::1/durable-execution//"},"expires_at":{"S":"20"},"requester":{"S":""},"status":{"S":"pending"},"ttl":{"N":"1"},"updated_at":{"S":"20"}})dictionary";

/// Before the text, as Zstandard has it; base64.
inline constexpr std::string_view kDictionaryTables =
    "N6Qw7AEAUEgtEMiapAP///////+X1ln93yDafketlVJKAtsC0eaVrZIQLaUkU0opJQL82Z2tkwAAAAYHicyj4oQvAATABosD"
    "BE1FzELCAkKhgBAYhgglkSgIEgDQAIaiOJJlGJjFNEcAAABE70VxURQUCoTiQMAgxjAYAkMwGUEXAAAAAQAAAAQAAAAIAAAA";

}  // namespace holdpoint::store
