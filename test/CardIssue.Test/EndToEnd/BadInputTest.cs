using System.Net;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Storage;
using CardIssue.Core.Crypto;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.Terminal.Relay;
using CardIssue.Test.Center;
using CardIssue.Test.Keys;
using CardIssue.Testing.Cards;

namespace CardIssue.Test.EndToEnd;

/// <summary>Bad input of every kind gets a clear error, gets nobody any further, and loses nothing.</summary>
[TestFixture, Parallelizable]
public sealed class BadInputTest
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [TestCase("T-9", true, 7, "127.0.0.1", "UnknownTerminal")]
    [TestCase("T-1", false, 7, "127.0.0.1", "the credential's signature does not fit")]
    [TestCase("T-1", true, 7, "192.0.2.1", "WrongAddress")]
    public async Task TerminalThatDoesNotFit_HearsOneCoarseCode_TheLogHasTheDetail(string terminal, bool rightKey, int line, string address, string detail)
    {
        await using var shop = await Shop.OpenAsync();
        using var module = rightKey && terminal == "T-1" ? null : OtherModule(shop, terminal);
        var answer = await AskAccessAsync(shop, module?.OpenModule() ?? shop.Module.OpenModule(), new LineNumber(line), IPAddress.Parse(address));
        Assert.That(answer, Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry.Detail), Has.Some.Contains(detail.Replace("'", "\\u0027", StringComparison.Ordinal)));
    }

    [Test]
    public async Task KnownTerminal_OnALineThatIsNotItsOwn_IsRefused()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.Registry.PutAsync((await shop.Registry.GetAsync(Shop.TerminalName))! with { Lines = [new LineNumber(8)] });
        var answer = await AskAccessAsync(shop, shop.Module.OpenModule(), new LineNumber(7), IPAddress.Loopback);
        Assert.That(answer, Is.EqualTo(new Refused(RefusalCode.NotKnown)));
        Assert.That((await shop.Log.ReadAsync(new LogQuery())).Select(row => row.Entry.Detail), Has.Some.Contains("WrongLine"));
    }

    [TestCase("FFFFFFFF")]
    [TestCase("A10063")]
    [TestCase("A2000102")]
    [TestCase("A10010")]
    public async Task BrokenMessageOrOneBeforeAccess_ClosesTheLine_OthersGoOn(string frame)
    {
        await using var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await using (var line = await shop.Listener.CreateConnector(IPAddress.Loopback).ConnectAsync(default))
        {
            await line.SendAsync(Convert.FromHexString(frame), default);
            Assert.That(await EndOfAsync(line), Is.Null, "the center closes the line");
        }
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task CenterWithAnotherKey_IsNotTrusted_HearsOfNoOrder()
    {
        await using var shop = await Shop.OpenAsync();
        var stranger = P256PrivateKey.Generate().PublicKey;
        await shop.StopTerminalAsync();
        shop.Module.TrustCenter(shop.Vault.Identity with { SigningKey = stranger });
        shop.StartTerminal();
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.CenterNotKnown));
    }

    [Test]
    public async Task TooManyWrongCodes_EvenTheRightOneIsDeclined()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        for (var i = 0; i < new OrderOptions().CodeAttemptsPerCustomer; i++) await shop.IssueAsync("o-1", "0000");
        var right = await shop.IssueAsync("o-1");
        Assert.That((right.Ending, right.Detail), Is.EqualTo((IssueEnding.Declined, nameof(DeclineCode.TooMany))));
    }

    [Test]
    public async Task CardAlreadyPersonalized_IsRefused()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var card = Shop.Card(1);
        var used = CardSimulator.Create(card.State with { Applications = [.. card.State.Applications.Select(a => a with { LifeCycle = 0x0F })] });
        shop.Reader.Insert(used);
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("CardRejected WrongState");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task TooManyCards_TheOrderIsGivenBack()
    {
        await using var shop = await Shop.OpenAsync(options => options.MaxCards = 2);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("S240");
        shop.Reader.Insert(Shop.Card(1, genuine: false));
        await shop.ShowsAsync("CardRejected NotGenuine");
        shop.Reader.Insert(Shop.Card(2, genuine: false));
        Assert.That((await issuing).Detail, Is.EqualTo(nameof(AbortCode.TooManyCards)));
        await shop.ReachesAsync("o-1", OrderState.Ready);
    }

    [Test]
    public async Task StoreCannotBeWritten_InMidIssue_NothingLeaves_TheIssueGoesOnWhenItCan()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        shop.WhenShown("WritingRecord  1", () => shop.Database.ExecuteAsync("PRAGMA query_only = ON").GetAwaiter().GetResult());
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync("LineLost");
        await shop.Database.ExecuteAsync("PRAGMA query_only = OFF");
        Assert.That((await issuing).Ending, Is.EqualTo(IssueEnding.Issued));
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    [Test]
    public async Task EveryFrameAfterTheProofDoubled_TheCardIsWrittenOnce()
    {
        // With TLS: without it a doubled frame is a tampered one.
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        shop.Wrap = line => new DoublingLine(line);
        await shop.RestartTerminalAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.Issued));
    }

    [Test]
    public async Task AfterAnIssue_NoFileOfCenterOrTerminalHoldsCardNumberNameOrCodeInTheClear()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        await shop.IssueAsync("o-1");
        // It may still keep a witness's note, by a file that is moved into its place.
        await shop.StopTerminalAsync();
        await shop.QuietAsync();
        string[] secrets = [Products.Fields["pan"], Products.Fields["name"], Products.Fields["keys"], Products.Fields["track2"]];
        byte[][] forms = [.. secrets.SelectMany(FormsOf)];
        var paths = Directory.GetFiles(shop.Folder, "*", SearchOption.AllDirectories);
        Assert.That(paths.Select(Path.GetExtension), Does.Contain(".db"), "the store is among them");
        foreach (var path in paths)
        {
            // The lock of the center that serves: held for it alone, and without a byte in it.
            if (new FileInfo(path).Length == 0) continue;
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await file.CopyToAsync(bytes);
            foreach (var form in forms)
                Assert.That(bytes.GetBuffer().AsSpan(0, (int)bytes.Length).IndexOf(form), Is.Negative, $"{Path.GetFileName(path)} holds write data in the clear");
        }
        lock (shop.Shown) Assert.That(shop.Shown, Has.None.Contains(Products.Fields["pan"]).And.None.Contains(Products.Fields["name"]));
    }

    /// <summary>A secret as text of one and of two bytes a character, and as the bytes that its digits stand for.</summary>
    private static IEnumerable<byte[]> FormsOf(string secret)
    {
        yield return Encoding.ASCII.GetBytes(secret);
        yield return Encoding.Unicode.GetBytes(secret);
        if (secret.All(char.IsAsciiHexDigit)) yield return Convert.FromHexString(secret[..(secret.Length & ~1)]);
    }

    private static SoftwareModuleFile OtherModule(Shop shop, string terminal)
    {
        using var passphrase = SecretBytes.Copy("correct horse battery"u8);
        var other = SoftwareModuleFile.Create(Path.Combine(shop.Folder, "other-module"), passphrase, new TerminalId(terminal), 1, PassphraseFileTest.Cheapest);
        other.TrustCenter(shop.Vault.Identity);
        return other;
    }

    private static async Task<RelayMessage> AskAccessAsync(Shop shop, SoftwareModule module, LineNumber line, IPAddress address)
    {
        using var _ = module;
        await using var up = await shop.Listener.CreateConnector(address).ConnectAsync(default);
        return await RawAccess.AskAsync(up, module, shop.Vault.Identity.Id, line);
    }

    private static async Task<LineFrame?> EndOfAsync(ILine line)
    {
        try
        {
            return await line.ReceiveAsync(default).AsTask().WaitAsync(Limit);
        }
        catch (LineException)
        {
            return null;
        }
    }

    /// <summary>A line that delivers everything twice, both ways; what the terminal says before it is let in goes once, for there a double ends the line.</summary>
    private sealed class DoublingLine(ILine inner) : ILine
    {
        private byte[]? _again;
        private int _sent;

        public LinePeer Peer => inner.Peer;

        public async ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation)
        {
            await inner.SendAsync(frame, cancellation);
            if (++_sent > 2) await inner.SendAsync(frame, cancellation);
        }

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            if (_again is { } bytes)
            {
                _again = null;
                var copy = new LineFrame(bytes.Length);
                bytes.CopyTo(copy.Memory);
                return copy;
            }
            var frame = await inner.ReceiveAsync(cancellation);
            _again = frame?.Span.ToArray();
            return frame;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
