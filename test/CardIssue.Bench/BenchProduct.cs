using System.Text.Json;

namespace CardIssue.Bench;

/// <summary>
/// A product whose issue is 100 APDUs: opening 2, authentication 1, one record of an INSTALL and 94 STORE DATA, closing 2; 22 KB like the
/// measured program. Its cards are proved by their cryptogram alone; the same with a start state reads that in the place of one STORE DATA,
/// in front of the record. And one of three small records.
/// </summary>
internal static class BenchProduct
{
    public const int Apdus = 100, Blocks = 94, BlockData = 239;

    public const string EndToEnd = "endToEnd", Module = "module";

    /// <summary>DGI, length in three bytes and data fill the blocks to the last byte.</summary>
    /// <param name="readsState">Whether the card's state is read.</param>
    public static int FieldBytes(bool readsState) => ((readsState ? Blocks - 1 : Blocks) * BlockData) - 5;

    public static string Json(string mode, bool readsState) => Json(readsState ? $"bench-state-{mode}" : $"bench-{mode}", mode, """
        { "name": "program", "proof": "cardMac", "repeat": "repeatable", "items": [ { "dgi": "3F00", "field": "program", "as": "hex" } ] }
        """, readsState);

    /// <summary>The sample's EMV product, under the bench's key.</summary>
    public static string Emv(string mode) => File.ReadAllText(Sample(mode)).Replace("\"issuer-test\"", "\"bench\"", StringComparison.Ordinal);

    /// <summary>The file of the sample's EMV product.</summary>
    public static string Sample(string mode) => Path.Combine(Samples, mode == Module ? "visa-like-module.product.json" : "visa-like-e2e.product.json");

    /// <summary>The fields of the sample's first order.</summary>
    public static Dictionary<string, string> EmvFields()
    {
        using var orders = JsonDocument.Parse(File.ReadAllText(Path.Combine(Samples, "orders.json")));
        return orders.RootElement.GetProperty("orders")[0].GetProperty("fields").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!);
    }

    private static string Samples
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CardIssue.sln"))) folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("The bench runs from its repository."), "samples", "orders");
        }
    }

    public static string ThreeRecords(string mode) => Json($"three-{mode}", mode, string.Join(", ", Enumerable.Range(1, 3).Select(number => $$"""
        { "name": "record-{{number}}", "proof": "cardMac", "repeat": "repeatable", "items": [ { "dgi": "3F0{{number}}", "hex": "0102030405060708" } ] }
        """)), readsState: true);

    private const string StartState = """ "acceptedStates": { "scope": "applications", "aid": "A0000000031010", "states": ["07"] }, """;

    private static string Json(string name, string mode, string records, bool readsState) => $$"""
        {
          "name": "{{name}}", "version": 1, "profile": "globalplatform", "mode": "{{mode}}",
          "keySet": "bench", "keyVersion": "30", "diversification": "kdf3", "securityLevel": "33",
          "securityDomain": "A000000151000000", "application": "A0000000031010",
          {{(readsState ? StartState : "")}}
          "records": [ {{records}} ],
          "close": { "items": [ { "dgi": "7FFF", "hex": "" } ] },
          "closeLook": [ { "lifeCycle": { "scope": "applications", "aid": "A0000000031010" }, "done": { "state": "0F" }, "notDone": { "state": "07" } } ]
        }
        """;
}
