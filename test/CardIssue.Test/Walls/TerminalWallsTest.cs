using System.Security.Cryptography;
using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Relay;
using CardIssue.Test.EndToEnd;
using CardIssue.Test.Relay;
using CardIssue.Testing.Cards.Reading;

namespace CardIssue.Test.Walls;

using Products = EndToEnd.Products;

/// <summary>
/// Whatever a card says, and whatever a part of the terminal throws, ends an order at most: the next card is issued by the same relay.
/// </summary>
[TestFixture]
public sealed class TerminalWallsTest
{
    /// <summary>What is called when a terminal stops or starts, and not in an order.</summary>
    private static readonly string[] AtTheStart =
        ["BeginAdmission", "ProveAdmission", "IsCenter", "OpenLineKeys", "get_Peer", "IdentifyAsync", "WaitForCardAsync", "DisposeAsync"];

    [TestCase(nameof(ICardReader.IdentifyAsync))]
    [TestCase(nameof(ICardReader.WaitForCardAsync))]
    [TestCase(nameof(ICardReader.WaitForRemovalAsync))]
    [TestCase(nameof(ICardReader.ConnectAsync))]
    [TestCase(nameof(ICardConnection.TransmitAsync))]
    [TestCase(nameof(ICardConnection.ResetAsync))]
    [TestCase(nameof(ICardConnection.DisposeAsync))]
    public async Task ReaderThatThrows_TheNextCardIsIssued(string member)
    {
        var trap = new Trap();
        await using var shop = await OpenAsync(shop => shop.ReaderInFront = trap.Before(shop.Hardware.Reader));
        await SpringAsync(shop, trap, member);
    }

    [TestCase(nameof(ISecureModule.BeginAdmission))]
    [TestCase(nameof(ISecureModule.ProveAdmission))]
    [TestCase(nameof(ISecureModule.IsCenter))]
    [TestCase(nameof(ISecureModule.OpenLineKeys))]
    [TestCase(nameof(ISecureModule.SealIssueCode))]
    [TestCase(nameof(ISecureModule.OpenTicket))]
    [TestCase(nameof(ISecureModule.Unseal))]
    [TestCase(nameof(ISecureModule.EndOpening))]
    public async Task ModuleThatThrows_TheNextCardIsIssued(string member)
    {
        var trap = new Trap();
        await using var shop = await OpenAsync(shop => shop.WrapModule = module => new TrappedModule(module, trap));
        await SpringAsync(shop, trap, member);
    }

    [TestCase(nameof(ILine.SendAsync))]
    [TestCase(nameof(ILine.ReceiveAsync))]
    [TestCase(nameof(ILine.DisposeAsync))]
    [TestCase("get_Peer")]
    public async Task LineThatThrows_TheNextCardIsIssued(string member)
    {
        var trap = new Trap();
        await using var shop = await OpenAsync(shop => shop.Wrap = trap.Before);
        await SpringAsync(shop, trap, member);
    }

    /// <summary>Under TLS, so that what is put in its place comes as the center's word.</summary>
    [Test]
    public async Task ScriptBeyondTheHighestSequenceNumber_IsNoMessage_TheNextCardIsIssued()
    {
        await using var shop = await Shop.OpenAsync(line: ShopLine.Loopback(7, withTls: true));
        await shop.ShowsAsync("AccessGranted");
        var replaced = 0;
        shop.Wrap = line => new ScriptLine(line, () => Interlocked.Exchange(ref replaced, 1) == 0);
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessGranted", 2);
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        Assert.That(replaced, Is.EqualTo(1), "nothing was tried");
        Assert.That(outcome.IsIssued || outcome.Ending is IssueEnding.LineLost, Is.True, $"{outcome.Ending} {outcome.Detail}");
        shop.Reader.Remove();
        if (!outcome.IsIssued) await shop.UnclaimedAsync("o-1");
        await IssueNextAsync(shop);
        Assert.That(shop.Relay.HoldsNothing, Is.True);
    }

    [Test]
    public async Task ConnectorThatThrows_IsAskedAgain()
    {
        var trap = new Trap();
        trap.Arm(nameof(Trap));
        await using var shop = await OpenAsync(shop => shop.Wrap = line =>
        {
            trap.Pass(nameof(Trap));
            return line;
        });
        Assert.That(trap.HasSprung, Is.True);
        await IssueNextAsync(shop);
    }

    [Test]
    public async Task ReaderKeyThatThrows_TheReaderIsNotKnown_TheNextCardIsIssued()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        await shop.Registry.SetReadersAsync(Shop.TerminalName, [shop.Hardware.Known with { Key = ByteString.Own([0x04, .. point.X!, .. point.Y!]) }]);
        var own = new Key(key);
        shop.ReaderKey = own;
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessGranted", 2);
        await shop.OrderAsync("o-1", Products.EndToEnd());
        await shop.OrderAsync("o-2", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        // Not once alone: the look at a reader that just came may still be under way.
        own.Throws = true;
        Assert.That((await shop.IssueAsync("o-1")).Ending, Is.EqualTo(IssueEnding.ReaderRefused));
        own.Throws = false;
        await IssueNextAsync(shop);
    }

    [Test]
    public async Task CardThatAnswersMoreThanAReportHolds_IsRefused_AnotherIsIssued()
    {
        await using var shop = await OpenAsync(shop => shop.ReaderInFront = new TalkativeReader(shop.Hardware.Reader, 33_100));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync($"Reporting {nameof(ScriptStop.TooLong)}");
        await shop.ShowsAsync($"CardRejected {nameof(CardRejection.Unreadable)}");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await issuing).IsIssued, Is.True);
    }

    [TestCase(1)]
    [TestCase(34)]
    public async Task CardWhoseAnswerToResetIsNone_IsToldToBeTakenOut_AnotherIsIssued(int length)
    {
        await using var shop = await OpenAsync(shop => shop.ReaderInFront = new BadAtrReader(shop.Hardware.Reader, length));
        await shop.OrderAsync("o-1", Products.EndToEnd());
        shop.Reader.Insert(Shop.Card(1));
        var issuing = shop.IssueAsync("o-1");
        await shop.ShowsAsync($"CardRejected {nameof(CardRejection.Unreadable)}");
        shop.Reader.Insert(Shop.Card(2));
        Assert.That((await issuing).IsIssued, Is.True);
    }

    [Test]
    public async Task ReaderWhoseVendorEndsBeyondTheBmp_IsReportedInWholeCharacters_TheKnownOneIssues()
    {
        await using var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        var known = new ReaderIdentity("virtual", "reader", "CardIssue", "VirtualCard", "VC-0001");
        var reader = new SwappableReader((VirtualCardReader)shop.Hardware.Reader, known with { Vendor = new string('v', 31) + "\U0001F4B3", Serial = "XX" });
        shop.ReaderInFront = reader;
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync($"S250 ReaderRefused virtual reader {new string('v', 31)} VirtualCard, serial XX: no entry has its serial number");
        await shop.LogsAsync(row => row.Entry.Kind == nameof(RelayMessageType.ReaderRefused));
        reader.Identity = known;
        await IssueNextAsync(shop);
    }

    private static async Task<Shop> OpenAsync(Action<Shop> change)
    {
        var shop = await Shop.OpenAsync();
        await shop.ShowsAsync("AccessGranted");
        change(shop);
        await shop.RestartTerminalAsync();
        await shop.ShowsAsync("AccessGranted", 2);
        return shop;
    }

    /// <summary>One order meets the trap, wherever it lies on its way; the next does not.</summary>
    private static async Task SpringAsync(Shop shop, Trap trap, string member)
    {
        await shop.OrderAsync("o-1", Products.EndToEnd(mode: "module"));
        trap.Arm(member);
        if (AtTheStart.Contains(member)) await shop.RestartTerminalAsync();
        shop.Reader.Insert(Shop.Card(1));
        var outcome = await shop.IssueAsync("o-1");
        shop.Reader.Remove();
        // A line that fails is a lost one; else the fault has a name of its own.
        if (!outcome.IsIssued && outcome.Ending is not IssueEnding.LineLost)
            Assert.That((outcome.Ending, outcome.Detail), Is.EqualTo((IssueEnding.Aborted, nameof(AbortCode.TerminalFailed))));
        if (!outcome.IsIssued) await shop.UnclaimedAsync("o-1");
        await IssueNextAsync(shop);
        Assert.That(trap.HasSprung, Is.True, "nothing was tried");
        Assert.That(shop.Relay.HoldsNothing, Is.True);
    }

    private static async Task IssueNextAsync(Shop shop)
    {
        await shop.OrderAsync("o-9", Products.EndToEnd(name: "next", mode: "module"));
        shop.Reader.Insert(Shop.Card(9));
        var outcome = await shop.IssueAsync("o-9");
        Assert.That(outcome.Ending, Is.EqualTo(IssueEnding.Issued), outcome.Detail);
        Assert.That((await shop.Log.VerifyAsync()).Findings, Is.Empty);
    }

    private sealed class Key(ECDsa key) : IReaderKey
    {
        public volatile bool Throws;

        public ValueTask<ReaderKeyAnswer> SignAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellation) => Throws
            ? throw new InvalidOperationException("planted in the reader's key")
            : ValueTask.FromResult(ReaderKeyAnswer.Of(ByteString.Own(key.SignHash(hash.ToArray()))));

        public ValueTask<ReaderKeyAnswer> ReadPublicKeyAsync(CancellationToken cancellation) => throw new NotSupportedException();
    }

    /// <summary>Puts 1,024 commands from 3FFFFFF5 on in the place of a script's head.</summary>
    private sealed class ScriptLine(ILine inner, Func<bool> isDue) : ILine
    {
        private static readonly byte[] Beyond = Convert.FromHexString("A7000C0104020103010401051A3FFFFFF506190400");

        public LinePeer Peer => inner.Peer;

        public ValueTask SendAsync(ReadOnlyMemory<byte> frame, CancellationToken cancellation) => inner.SendAsync(frame, cancellation);

        public async ValueTask<LineFrame?> ReceiveAsync(CancellationToken cancellation)
        {
            var frame = await inner.ReceiveAsync(cancellation);
            if (frame is null || MessageCodec.Decode(frame.Memory).Message is not Script || !isDue()) return frame;
            frame.Dispose();
            var changed = new LineFrame(Beyond.Length);
            Beyond.CopyTo(changed.Memory);
            return changed;
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>Tells of the first card an answer to reset that is none.</summary>
    private sealed class BadAtrReader(ICardReader inner, int length) : ICardReader
    {
        private bool _told;

        public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

        public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
        {
            var atr = await inner.WaitForCardAsync(cancellation);
            if (_told) return atr;
            _told = true;
            return ByteString.Own([.. Enumerable.Repeat((byte)0x3B, length)]);
        }

        public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

        public ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation) => inner.ConnectAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    /// <summary>The first card that is connected to answers everything by so many bytes.</summary>
    private sealed class TalkativeReader(ICardReader inner, int length) : ICardReader
    {
        private bool _connected;

        public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) => inner.IdentifyAsync(cancellation);

        public ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation) => inner.WaitForCardAsync(cancellation);

        public ValueTask WaitForRemovalAsync(CancellationToken cancellation) => inner.WaitForRemovalAsync(cancellation);

        public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
        {
            var connection = await inner.ConnectAsync(cancellation);
            if (_connected) return connection;
            _connected = true;
            return new Connection(connection, length);
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        /// <summary>In pieces, by 61xx and GET RESPONSE.</summary>
        private sealed class Connection(ICardConnection inner, int length) : ICardConnection
        {
            private int _left;

            public ByteString Atr => inner.Atr;

            public TransmissionProtocol Protocol => inner.Protocol;

            public ValueTask<int> TransmitAsync(ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
            {
                if (command.Span[1] != 0xC0) _left = length;
                var piece = Math.Min(_left, 256);
                _left -= piece;
                response.Span[..piece].Fill(0x6F);
                (response.Span[piece], response.Span[piece + 1]) = _left > 0 ? ((byte)0x61, (byte)Math.Min(_left, 255)) : ((byte)0x90, (byte)0x00);
                return ValueTask.FromResult(piece + 2);
            }

            public ValueTask<ByteString> ResetAsync(CancellationToken cancellation) => inner.ResetAsync(cancellation);

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
