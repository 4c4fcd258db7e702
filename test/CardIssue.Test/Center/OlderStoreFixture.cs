using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Test.Keys;
using CardIssue.Test.Vault;

namespace CardIssue.Test.Center;

/// <summary>Before each test: a directory whose store is still to be made as an older version did, and that version's vault.</summary>
public abstract class OlderStoreFixture
{
    private protected StoreBench Bench { get; private set; } = null!;

    private protected FileKeyVault Vault { get; private set; } = null!;

    [SetUp]
    public async Task OpenOlderStore()
    {
        Bench = await StoreBench.OpenAsync();
        await Bench.Database.DisposeAsync();
        foreach (var file in Directory.GetFiles(Bench.Directory, "center.*", SearchOption.AllDirectories)) File.Delete(file);
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        Vault = FileKeyVault.Create(Path.Combine(Bench.Directory, "vault"), passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
        Seals.MakeOlder(Vault);
        Bench.Keys.TakesOverRows = true;
    }

    [TearDown]
    public async Task Close()
    {
        Vault.Dispose();
        await Bench.DisposeAsync();
    }
}
