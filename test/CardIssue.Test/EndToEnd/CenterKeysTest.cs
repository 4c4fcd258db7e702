using System.Reflection;
using CardIssue.Center.Sessions;
using CardIssue.Center.Storage;
using CardIssue.Center.Terminals;
using CardIssue.Center.Vault;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Parts;

namespace CardIssue.Test.EndToEnd;

/// <summary>A center changes its signing and agreement keys; terminals are told, come with the next ones, and nobody goes to them.</summary>
[TestFixture, Parallelizable]
public sealed class CenterKeysTest
{
    [TestCase(true)]
    [TestCase(false)]
    public async Task Changed_TerminalThatWasTold_GoesOnWithoutAVisit_InBothModes_AndAThiefOfTheOldKeysIsNoCenterForIt(bool withTls)
    {
        await using var shop = await OpenAsync(withTls);
        var thief = Steal(shop);
        for (var order = 1; order <= 6; order++)
            await shop.OrderAsync($"o-{order}", order % 2 == 0 ? Products.EndToEnd("sealed", "module") : Products.EndToEnd());
        var next = shop.Vault.MakeNextKeys();
        await IssueAsync(shop, 1);
        await shop.RestartTerminalAsync();
        await IssueAsync(shop, 2);
        Assert.That((shop.Module.CenterKeysNumber, await CameAsync(shop)), Is.EqualTo((0, 0)), "made, and nobody is told");
        await TellAsync(shop, next);
        await ComeInAsync(shop);
        Assert.That((shop.Module.CenterKeysNumber, await CameAsync(shop)), Is.EqualTo((0, 0)), "it was told, and comes with them the next time");
        await IssueAsync(shop, 3);
        await ComeInAsync(shop);
        Assert.That((shop.Module.CenterKeysNumber, await CameAsync(shop)), Is.EqualTo((1, 1)));
        await IssueAsync(shop, 4);
        // A checkpoint and the terminal's note are of before.
        await shop.Log.CheckpointAsync();
        var line = shop.CurrentLine;
        await EndAsync(shop, next);
        Assert.That(shop.CurrentLine, Is.SameAs(line), "its session has the keys that stay");
        await IssueAsync(shop, 5);
        await ComeInAsync(shop);
        await IssueAsync(shop, 6);
        var report = await shop.Log.VerifyAsync();
        Assert.That((report.IsOk, report.Checkpoints), Is.EqualTo((true, 2)), string.Join('\n', report.Findings));
        Assert.That((await shop.Log.ReadAsync(new LogQuery { Kind = "NoteRefused" })).Count, Is.Zero, "what it remembers counts");

        await ServeAsync(shop, thief);
        await shop.RestartTerminalAsync();
        await shop.IsRefusedAsync(IssueReason.AccessNotKnown);
        Assert.That(await CameAsync(shop), Is.EqualTo(1));
        await ServeAsync(shop, shop.Vault);
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready);
    }

    /// <summary>It is named beforehand, and needs somebody to come. A host without the certificate that is in force is behind in that alone.</summary>
    [Test]
    public async Task Ended_TerminalThatWasNotTold_IsCut_AndLetInNoMore([Values] bool lacksCertificate)
    {
        await using var shop = await OpenAsync(withTls: true);
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready);
        if (lacksCertificate) await shop.Registry.ChangeCertificateAsync(9, TestPeople.Of(shop.Database));
        var next = shop.Vault.MakeNextKeys();
        await TellAsync(shop, next);
        await EndAsync(shop, next);
        await shop.IsRefusedAsync(IssueReason.AccessNotKnown);
        Assert.That((await shop.Log.ReadAsync(new LogQuery { Kind = "Refusing" }))[^1].Entry.Detail, Does.Contain("do not count here"));
        shop.Module.TrustCenter(shop.Vault.Identity);
        await shop.RestartTerminalAsync();
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready);
    }

    /// <summary>A host that has not got them, or a center that was put back: the terminal falls back, and is not lost.</summary>
    [Test]
    public async Task ToldOfNextKeys_CenterThatHasNotGotThem_TheTerminalFallsBackToThePresentOnes_UntilTheyAreProved()
    {
        await using var shop = await OpenAsync(withTls: true);
        var without = Steal(shop);
        await TellAsync(shop, shop.Vault.MakeNextKeys());
        await ComeInAsync(shop);
        await ServeAsync(shop, without);
        await shop.RestartTerminalAsync();
        // First with the next ones: refused; then with those that it had.
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready);
        Assert.That((shop.Module.CenterKeysNumber, shop.Shown.Count(shown => shown.Contains("AccessRefused", StringComparison.Ordinal))), Is.EqualTo((0, 1)));
        await ServeAsync(shop, shop.Vault);
        await ComeInAsync(shop);
        Assert.That(shop.Module.CenterKeysNumber, Is.EqualTo(1));
    }

    /// <summary>Planted: a center that lets in by keys that do not count. No terminal's coming in says that they do.</summary>
    [Test]
    public async Task OfTwoSets_EachIsLetInBetweenChangeAndEndAlone()
    {
        await using var shop = await OpenAsync(withTls: true);
        await shop.StopTerminalAsync();
        var (old, next) = (shop.Vault.Identity, shop.Vault.MakeNextKeys());
        var later = old with { SigningKey = next.SigningKey, AgreementKey = next.AgreementKey };
        Assert.That((await IsLetInAsync(shop, old), await IsLetInAsync(shop, later)), Is.EqualTo((true, false)), "before the change");
        await TellAsync(shop, next);
        Assert.That((await IsLetInAsync(shop, old), await IsLetInAsync(shop, later)), Is.EqualTo((true, true)), "between");
        await EndAsync(shop, next);
        Assert.That((await IsLetInAsync(shop, old), await IsLetInAsync(shop, later)), Is.EqualTo((false, true)), "after the end");
        Assert.That(await IsLetInAsync(shop, old with { AgreementKey = next.AgreementKey }), Is.False, "one of each");
        shop.Module.TrustCenter(later);
        shop.StartTerminal();
    }

    /// <summary>As a terminal that trusts exactly this.</summary>
    private static async Task<bool> IsLetInAsync(Shop shop, CenterIdentity center)
    {
        shop.Module.TrustCenter(center);
        shop.StartTerminal();
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready or RelayState.Refused);
        var isIn = shop.Relay.Status.State is RelayState.Ready;
        await shop.StopTerminalAsync();
        return isIn;
    }

    private static Task<Shop> OpenAsync(bool withTls) =>
        Shop.OpenAsync(options => options.RegistryLook = TimeSpan.FromMilliseconds(50), line: ShopLine.Loopback(7, withTls));

    /// <summary>The vault as it is now, in somebody else's hands.</summary>
    private static FileKeyVault Steal(Shop shop)
    {
        File.Copy(Path.Combine(shop.Folder, "vault"), Path.Combine(shop.Folder, "stolen"));
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        return FileKeyVault.Open(Path.Combine(shop.Folder, "stolen"), passphrase);
    }

    /// <summary>The same center, by another vault: as who has stolen it would serve.</summary>
    private static Task ServeAsync(Shop shop, FileKeyVault vault)
    {
        var own = shop.Services;
        return shop.RestartCenterAsync(vault == shop.Vault ? own : new CenterServices
        {
            Vault = vault, Terminals = Deaf.To(shop.Registry), Orders = own.Orders, Desk = own.Desk, Admissions = own.Admissions, Products = own.Products, Log = own.Log,
            Options = own.Options, Host = own.Host, Loggers = own.Loggers,
        });
    }

    /// <summary>A registry that hears of no change of keys.</summary>
    public class Deaf : DispatchProxy
    {
        private ITerminalRegistry _registry = null!;

        internal static ITerminalRegistry To(ITerminalRegistry registry)
        {
            var deaf = Create<ITerminalRegistry, Deaf>();
            ((Deaf)(object)deaf)._registry = registry;
            return deaf;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(ITerminalRegistry.KeysStandingAsync)
            ? Task.FromResult(CenterKeysStanding.AsMade)
            : targetMethod.Invoke(_registry, args);
    }

    private static async Task TellAsync(Shop shop, CenterKeys next)
    {
        await shop.Registry.TellKeysAsync(new NamedKeys(next.Number, next.Sha256), TestPeople.Of(shop.Database));
        await Part.UntilAsync(() => shop.Vault.NextKeysAreTold);
    }

    private static async Task EndAsync(Shop shop, CenterKeys next)
    {
        await shop.Registry.EndKeysBeforeAsync(new NamedKeys(next.Number, next.Sha256), TestPeople.Of(shop.Database));
        await Part.UntilAsync(() => shop.Vault.KeysNumber == next.Number);
        await Part.UntilAsync(async () => (await shop.Log.ReadAsync(new LogQuery { Kind = "Checkpoint" })).Count > 0);
    }

    private static async Task IssueAsync(Shop shop, int order)
    {
        shop.Reader.Insert(Shop.Card((uint)order));
        var outcome = await shop.IssueAsync($"o-{order}");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.ToString());
        shop.Reader.Remove();
    }

    /// <summary>The terminal comes in anew, and has what the center tells behind the admission.</summary>
    private static async Task ComeInAsync(Shop shop)
    {
        await shop.RestartTerminalAsync();
        await Part.UntilAsync(() => shop.Relay.Status.State is RelayState.Ready);
        await shop.Relay.AskStatusAsync(default);
    }

    private static async Task<int> CameAsync(Shop shop) => (await shop.Registry.KeysTerminalsCameWithAsync()).GetValueOrDefault(Shop.TerminalName);
}
