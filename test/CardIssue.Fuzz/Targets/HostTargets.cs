using System.Text;
using CardIssue.CenterHost.Commands;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.Fuzz.Targets;

/// <summary>Files that the hosts are given beside products and orders.</summary>
internal static class HostTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("key-ceremony", new JsonMutator(), () => ["""
            { "keySet": "visa", "keyVersion": "30", "algorithm": "aes128", "checkValue": "504A77", "components": [
              { "custodian": "ann", "component": "404142434445464748494A4B4C4D4E4F", "checkValue": "504A77" },
              { "custodian": "bob", "component": "101112131415161718191A1B1C1D1E1F", "checkValue": "504A77" } ] }
            """u8.ToArray()], input => InFolder(KeyCeremonyOf, "ceremony.json", input), CaseLimits.File),
        new ParserTarget("host-settings", new JsonMutator(), () => ["""
            { "data": "/var/lib/terminal", "connect": "tls:127.0.0.1:7001", "line": 7, "connectTimeout": "5s", "wait": 1.5e1, // all
              "passphraseFile": "p\u00e9", }
            """u8.ToArray()], input => InFolder(path => HostSettings.Load(Path.GetDirectoryName(path)!), HostSettings.FileName, input),
            CaseLimits.File),
    ];

    private static void KeyCeremonyOf(string path)
    {
        var file = KeyCeremonyFile.Read(new FileInfo(path));
        KeyText.Version(file.KeyVersion);
        KeyText.Algorithm(file.Algorithm);
        foreach (var entry in file.Components)
        {
            KeyText.CheckValue(entry.CheckValue);
            KeyText.Component(Encoding.ASCII.GetBytes(entry.Component)).Dispose();
        }
    }

    /// <summary>Reads a file that says so by a <see cref="CommandException"/> when it is none of its kind.</summary>
    private static void InFolder(Action<string> read, string name, byte[] content)
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-fuzz-");
        try
        {
            var path = Path.Combine(folder.FullName, name);
            File.WriteAllBytes(path, content);
            read(path);
        }
        catch (CommandException)
        {
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
