namespace CardIssue.Test.EndToEnd;

/// <summary>The products of the end-to-end tests: small, and between them every proof and every kind of repeat.</summary>
internal static class Products
{
    public const string Application = "A0000000031010";

    /// <summary>A card that the center gives a number: it can always be told from another.</summary>
    public const string Assigned = "[\"assigned\"]";

    /// <summary>End to end, through the security domain: repeatable, and start over.</summary>
    public static string EndToEnd(string name = "e2e", string mode = "endToEnd", string identity = Assigned, string diversification = "kdf3") => $$"""
        {
          "name": "{{name}}", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
          "keySet": "visa", "keyVersion": "30", "diversification": "{{diversification}}", "identity": {{identity}}, "securityLevel": "33",
          "securityDomain": "A000000151000000", "application": "{{Application}}",
          "acceptedStates": { "scope": "applications", "aid": "{{Application}}", "states": ["07"] },
          "records": [
            { "name": "cardholder", "proof": "cardMac", "repeat": "repeatable", "items": [
              { "dgi": "0101", "tlv": [ { "tag": "70", "tlv": [ { "tag": "57", "field": "track2", "as": "track2" }, { "tag": "5F20", "field": "name", "as": "ascii" } ] } ] },
              { "dgi": "0102", "tlv": [ { "tag": "70", "tlv": [ { "tag": "5A", "field": "pan", "as": "digits" }, { "tag": "5F24", "field": "expiry", "as": "date" } ] } ] } ] },
            { "name": "keys", "proof": "cardMac", "repeat": "repeatable", "items": [
              { "dgi": "8000", "secret": true, "field": "keys", "as": "hex" }, { "dgi": "9010", "hex": "0303" } ] },
            { "name": "counters", "proof": "cardMac", "repeat": { "startOver": "keys" }, "items": [
              { "dgi": "3001", "hex": "0000" }, { "dgi": "9104", "hex": "82025C00940408010200" } ] }
          ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "{{Application}}" }, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        }
        """;

    /// <summary>Data of the security domain itself, each piece read back; that the application is locked is what closes the card.</summary>
    public static string ReadBack(string mode) => $$"""
        {
          "name": "read-back", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
          "keySet": "visa", "keyVersion": "30", "diversification": "kdf3", "identity": ["diversificationData"], "securityLevel": "33",
          "securityDomain": "A000000151000000", "storeData": { "plainP1": "10", "encryptedP1": "70" },
          "records": [
            { "name": "number", "proof": "readBack", "repeat": "repeatable", "items": [ { "tag": "DF01", "field": "pan", "as": "digits" } ],
              "checks": [ { "getData": "DF01", "done": { "tlv": [ { "tag": "DF01", "field": "pan", "as": "digits" } ] } } ] },
            { "name": "holder", "proof": "cardMac", "repeat": "repeatable", "items": [
              { "tag": "DF02", "field": "name", "as": "ascii" }, { "tag": "DF03", "field": "track2", "as": "track2" },
              { "tag": "DF04", "field": "expiry", "as": "date" }, { "tag": "DF05", "field": "keys", "as": "hex" } ] }
          ],
          "close": { "status": { "scope": "application", "aid": "{{Application}}", "state": "87" } },
          "closeLook": [ {
            "lifeCycle": { "scope": "applications", "aid": "{{Application}}" }, "done": { "state": "87" }, "notDone": { "state": "07" } } ]
        }
        """;

    public static IReadOnlyDictionary<string, string> Fields { get; } = new Dictionary<string, string>
    {
        ["pan"] = "4761739001010119",
        ["name"] = "TEST CARDHOLDER/ANNA",
        ["track2"] = "4761739001010119D30122011758989389",
        ["expiry"] = "2030-12-31",
        ["keys"] = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F",
    };
}
