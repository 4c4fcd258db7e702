using System.Text;
using CardIssue.Center.Recovery;
using CardIssue.Core.Keys;
using CardIssue.Terminal.Relay;

namespace CardIssue.Test.EndToEnd;

/// <summary>A customer's data is planted, a card is issued with it, and every file that a center leaves is searched for it.</summary>
[Parallelizable]
public sealed class PlantedDataTest
{
    private const string Code = "PLANTED-CODE-4711";

    [Test]
    public async Task IssuedInterruptedAndWaiting_NoFileOfStoreLogBackupOrExport_HasAnyOfIt()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        await shop.OrderAsync("o-3", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
        shop.Reader.Remove();
        Assert.That((await shop.IssueAsync("o-2", Code)).Ending, Is.EqualTo(IssueEnding.Declined));
        shop.Reader.Insert(Shop.Card(2, genuine: false));
        using (var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1)))
        {
            try
            {
                await shop.IssueAsync("o-3", cancellation: stop.Token);
            }
            catch (OperationCanceledException)
            {
                // A card that is refused waits for another one.
            }
        }
        var backup = Path.Combine(shop.Folder, "backup");
        await CenterBackup.MakeAsync(shop.Database, shop.Vault, new CenterId("C-1"),
            new Dictionary<string, string> { ["vault.json"] = Path.Combine(shop.Folder, "vault") }, backup, "ann");
        await using (var export = File.Create(Path.Combine(shop.Folder, "export.jsonl"))) await shop.Log.ExportAsync(export);

        // It may still keep a witness's note, by a file that is moved into its place.
        await shop.StopTerminalAsync();
        await shop.QuietAsync();
        var planted = Planted().ToList();
        var searched = new List<string>();
        foreach (var path in Directory.EnumerateFiles(shop.Folder, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) != "serve.lock"))
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var content = new byte[file.Length];
            await file.ReadExactlyAsync(content);
            searched.Add(Path.GetRelativePath(shop.Folder, path));
            foreach (var (what, bytes) in planted) Assert.That(content.AsSpan().IndexOf(bytes), Is.EqualTo(-1), $"{what} in {path}");
            // The order's number is no secret: it shows that what is searched is what was written.
            if (searched[^1] is "data/center.db-wal" or "backup/center.db" or "export.jsonl") Assert.That(content.AsSpan().IndexOf("o-1"u8), Is.Not.EqualTo(-1), path);
        }
        Assert.That(searched, Has.Some.EndsWith("center.db-wal").And.Some.EqualTo("backup/center.db").And.Some.EqualTo("export.jsonl"));
    }

    private static IEnumerable<(string What, byte[] Bytes)> Planted()
    {
        foreach (var (name, value) in Products.Fields)
        {
            if (name == "expiry") continue;
            yield return (name, Encoding.ASCII.GetBytes(value));
            yield return ($"{name}, UTF-16", Encoding.Unicode.GetBytes(value));
            if (value.Length % 2 == 0 && value.All(char.IsAsciiHexDigitUpper)) yield return ($"{name}, packed", Convert.FromHexString(value));
            if (name == "name") yield return ($"{name}, in hexadecimal", Encoding.ASCII.GetBytes(Convert.ToHexString(Encoding.ASCII.GetBytes(value))));
            if (name == "name") yield return ($"{name}, in Base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.ASCII.GetBytes(value))[..20]));
        }
        yield return ("issue code", Encoding.ASCII.GetBytes(Code));
    }
}
