namespace CardIssue.Bench;

/// <summary>A product whose issue is 100 APDUs: opening 2, authentication 2, one record of an INSTALL and 93 STORE DATA, closing 2; 22 KB like the measured program.</summary>
internal static class BenchProduct
{
    public const int Apdus = 100, Blocks = 93, BlockData = 239;

    public const string EndToEnd = "endToEnd", Module = "module";

    /// <summary>DGI, length in three bytes and data fill the blocks to the last byte.</summary>
    public static int FieldBytes => (Blocks * BlockData) - 5;

    public static string Json(string mode) => $$"""
        {
          "name": "bench-{{mode}}", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
          "keySet": "bench", "keyVersion": "30", "diversification": "kdf3", "securityLevel": "33",
          "securityDomain": "A000000151000000", "application": "A0000000031010",
          "acceptedStates": { "scope": "applications", "aid": "A0000000031010", "states": ["07"] },
          "records": [ { "name": "program", "proof": "cardMac", "repeat": "repeatable", "items": [ { "dgi": "3F00", "field": "program", "as": "hex" } ] } ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "A0000000031010" }, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        }
        """;
}
