namespace CardIssue.Fuzz.Flows;

/// <summary>
/// What the flows issue, between them every kind of script: opening, authentication with the identity read inside it, numbering, records,
/// a record that is read back, one that is looked for before it is written again, the closing, and its look.
/// </summary>
internal static class FuzzProducts
{
    public const string Application = "A0000000031010";

    /// <summary>The product's name, and its file.</summary>
    /// <param name="readsBack">Data of the security domain that is read back; otherwise data of the application.</param>
    /// <param name="mode"><c>endToEnd</c> or <c>module</c>.</param>
    public static (string Name, string File) Of(bool readsBack, string mode)
    {
        var name = readsBack ? "fuzz-domain" : "fuzz-application";
        return (name, readsBack ? Domain(name, mode) : InApplication(name, mode));
    }

    private static string InApplication(string name, string mode) => $$"""
        {
          {{Head(name, mode)}}
          "application": "{{Application}}",
          "acceptedStates": { "scope": "applications", "aid": "{{Application}}", "states": ["07"] },
          "records": [
            { "name": "number", "proof": "cardMac", "repeat": "repeatable", "items": [
              { "dgi": "0101", "tlv": [ { "tag": "70", "tlv": [ { "tag": "5A", "field": "pan", "as": "digits" } ] } ] } ] },
            { "name": "counters", "proof": "cardMac", "repeat": { "startOver": "number" }, "items": [
              { "dgi": "3001", "hex": "0000" }, { "dgi": "9104", "hex": "82025C00940408010100" } ] }
          ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          {{CloseLook}}
        }
        """;

    private static string Domain(string name, string mode) => $$"""
        {
          {{Head(name, mode)}}
          "storeData": { "plainP1": "10", "encryptedP1": "70" },
          "records": [
            { "name": "number", "proof": "readBack", "repeat": "repeatable", "items": [ {{Pan("DF01")}} ],
              "checks": [ { "getData": "DF01", "done": { "tlv": [ {{Pan("DF01")}} ] } } ] },
            { "name": "once", "proof": "cardMac", "repeat": "lookFirst", "items": [ {{Pan("DF02")}} ],
              "look": [ { "getData": "DF02", "done": { "tlv": [ {{Pan("DF02")}} ] }, "notDone": "nothing" } ] }
          ],
          "close": { "status": { "scope": "application", "aid": "{{Application}}", "state": "0F" } },
          {{CloseLook}}
        }
        """;

    private static string Head(string name, string mode) => $"""
        "name": "{name}", "version": 1, "profile": "globalplatform", "mode": "{mode}", "keySet": "fuzz", "keyVersion": "30",
        "diversification": "kdf3", "identity": ["cplc", "assigned"], "securityLevel": "33", "securityDomain": "A000000151000000",
        """;

    private static string Pan(string tag) => $$"""{ "tag": "{{tag}}", "field": "pan", "as": "digits" }""";

    private const string CloseLook = $$"""
        "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "{{Application}}" },
          "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        """;
}
