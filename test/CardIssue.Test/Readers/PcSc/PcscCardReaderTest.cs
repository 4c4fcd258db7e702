using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Pipeline;
using CardIssue.Core.Primitives;
using CardIssue.Reader.PcSc;
using CardIssue.Test.Parts;
using CardIssue.Testing.Cards;
using CardIssue.Testing.Cards.Net;
using CardIssue.Testing.Cards.Reading;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>What goes well, through Debian's pcscd and the vpcd driver.</summary>
[NonParallelizable]
public sealed class PcscCardReaderTest
{
    private const int Cycles = 25;
    private PcscCardReader _reader = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        await SharedPcscd.StartAsync();
        _reader = new PcscCardReader(SharedPcscd.FirstReader);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        if (_reader is null) return;
        await _reader.DisposeAsync();
        await SharedPcscd.AwaitEmptyAsync();
    }

    [Test]
    public void Readers_Listed_AreThoseOfTheService()
    {
        Assert.That(PcscReaders.List(), Is.EquivalentTo(new[] { SharedPcscd.FirstReader, SharedPcscd.SecondReader }));
    }

    [Test, CancelAfter(20_000)]
    public async Task Identity_DriverTellsNothing_IsKindAndNameAlone([Values] bool isConnected, CancellationToken cancellation)
    {
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        await _reader.WaitForCardAsync(cancellation);
        await using var connection = isConnected ? await _reader.ConnectAsync(cancellation) : null;
        var identity = await _reader.IdentifyAsync(cancellation);
        Assert.That(identity, Is.EqualTo(new ReaderIdentity("pcsc", SharedPcscd.FirstReader)));
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_ComesAndGoes_IsToldByEvents(CancellationToken cancellation)
    {
        var arrival = _reader.WaitForCardAsync(cancellation).AsTask();
        Assert.That(arrival.IsCompleted, Is.False);
        await using (await VpcdCard.InsertAsync(SharedPcscd.FirstPort))
        {
            Assert.That(await arrival, Is.EqualTo(ByteString.Copy(VpcdCard.AtrT1)));
        }
        await _reader.WaitForRemovalAsync(cancellation);
    }

    [Test, CancelAfter(20_000)]
    public async Task Card_LetGo_HasNoPowerAndIsSeenAgain(CancellationToken cancellation)
    {
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort);
        await _reader.WaitForCardAsync(cancellation);
        for (var turn = 1; turn <= 2; turn++)
        {
            await using (var connection = await _reader.ConnectAsync(cancellation))
            {
                Assert.That(connection.Atr, Is.EqualTo(ByteString.Copy(VpcdCard.AtrT1)));
                var offs = card.PowerOffs;
                Assert.That(await connection.ResetAsync(cancellation), Is.EqualTo(ByteString.Copy(VpcdCard.AtrT1)));
                Assert.That(card.PowerOffs, Is.EqualTo(offs + 1), "the reset is a cold one");
            }
            Assert.That(await _reader.WaitForCardAsync(cancellation), Is.EqualTo(ByteString.Copy(VpcdCard.AtrT1)));
        }
        // The driver says "off" and does not wait for the card to hear it.
        await Part.UntilAsync(() => card.PowerOffs >= 4, "the last power-off");
    }

    [Test, CancelAfter(20_000)]
    public async Task Commands_OfExtendedLength_PassBothWays(CancellationToken cancellation)
    {
        // 65,526 bytes of data: what vpcd's length field leaves beside the command's header.
        var data = new byte[65_526];
        new Random(1).NextBytes(data);
        byte[] command = [0x80, 0xE2, 0x00, 0x00, 0x00, (byte)(data.Length >> 8), (byte)data.Length, .. data];
        byte[]? came = null;
        await using var card = await VpcdCard.InsertAsync(SharedPcscd.FirstPort, c =>
        {
            came = c;
            return [.. data, 0x90, 0x00];
        });
        await _reader.WaitForCardAsync(cancellation);
        await using var connection = await _reader.ConnectAsync(cancellation);
        var response = new byte[ResponseApdu.MaxLength];
        var length = await connection.TransmitAsync(command, response, cancellation);
        Assert.That(came, Is.EqualTo(command));
        Assert.That(response[..length], Is.EqualTo((byte[])[.. data, 0x90, 0x00]));
    }

    [Test, CancelAfter(20_000)]
    public async Task SimulatedCard_ByEitherProtocol_AnswersCommandsWithDataInBothDirections([Values] CardProtocol protocol, CancellationToken cancellation)
    {
        var slot = new CardSlot();
        slot.Insert(CardSimulator.Create(CardProfile.BlankEmv(1, [VirtualCard.TestCard.Keys]) with { Protocol = protocol }));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var card = VpcdClient.RunAsync("127.0.0.1", SharedPcscd.FirstPort, slot, null, stop.Token);
        await _reader.WaitForCardAsync(cancellation);
        await using (var connection = new GetResponseConnection(await _reader.ConnectAsync(cancellation)))
        {
            Assert.That(connection.Protocol, Is.EqualTo(protocol is CardProtocol.T0 ? TransmissionProtocol.T0 : TransmissionProtocol.T1));
            // SELECT of the issuer security domain, and INITIALIZE UPDATE: case 4 both.
            Assert.That(await connection.TransmitAsync(CommandApdu.Parse(Convert.FromHexString("00A4040000")), cancellation), Has.Property("StatusWord").EqualTo(0x9000));
            var update = await connection.TransmitAsync(CommandApdu.Parse(Convert.FromHexString("8050000008010203040506070800")), cancellation);
            Assert.That((update.StatusWord, update.Data.Length), Is.EqualTo((0x9000, 29)).Or.EqualTo((0x9000, 32)));
        }
        await stop.CancelAsync();
        await card.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [Test, CancelAfter(300_000)]
    public async Task Cards_InsertedAndPulled_AreAllServed(CancellationToken cancellation)
    {
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            var number = (byte)cycle;
            await using (await VpcdCard.InsertAsync(SharedPcscd.FirstPort, _ => [number, 0x90, 0x00]))
            {
                await _reader.WaitForCardAsync(cancellation);
                await using var connection = await _reader.ConnectAsync(cancellation);
                var response = new byte[258];
                Assert.That(await connection.TransmitAsync(new byte[] { 0x00, 0xCA, 0x00, 0x00, 0x00 }, response, cancellation), Is.EqualTo(3));
                Assert.That(response[0], Is.EqualTo(number));
            }
            await _reader.WaitForRemovalAsync(cancellation);
        }
    }
}
