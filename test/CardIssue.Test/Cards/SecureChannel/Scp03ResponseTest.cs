using System.Security.Cryptography;
using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>Responses that the vectors do not hold, made with the vector's session keys as a card would (Amendment D §6.2.5, §6.2.7).</summary>
public class Scp03ResponseTest
{
    private static readonly JsonElement Vector33 = Vector.Load("scp03_sessions.json").Single(s => s.Text("name") == "pySim SCP03 AES256 level 33");

    private static Scp03Session Started(out ByteString chaining)
    {
        var session = Scp03SessionTest.Open(Vector33);
        var authenticate = session.ExternalAuthenticate().ToBytes();
        var wrapped = session.Wrap(new CommandApdu(0x80, 0xF2, 0x20, 0x02)).ToBytes();
        chaining = ByteString.Own(new byte[16]);
        foreach (var command in new[] { authenticate, wrapped })
            chaining = Mac("sessionMac", ByteString.Concat(chaining, command.Slice(0, command.Length - 8)));
        return session;
    }

    private static ByteString Mac(string key, ByteString message)
    {
        var mac = new byte[16];
        AesCmac.Compute(Vector33.Hex(key).Span, message.Span, mac);
        return ByteString.Own(mac);
    }

    private static ResponseApdu Protected(ByteString chaining, ByteString body, ushort statusWord)
    {
        var mac = Mac("sessionRmac", ByteString.Concat(chaining, body, ByteString.Own([(byte)(statusWord >> 8), (byte)statusWord])));
        return new ResponseApdu(ByteString.Concat(body, mac.Slice(0, 8)), statusWord);
    }

    private static ByteString Encrypted(params byte[] padded)
    {
        // The first command after EXTERNAL AUTHENTICATE counts 1, also without data.
        using var aes = Aes.Create();
        aes.SetKey(Vector33.Hex("sessionEnc").Span);
        var icv = aes.EncryptEcb([0x80, .. new byte[14], 0x01], PaddingMode.None);
        return ByteString.Own(aes.EncryptCbc(padded, icv, PaddingMode.None));
    }

    [TestCase(0x9000)]
    [TestCase(0x6200)]
    [TestCase(0x6310)]
    public void EmptyResponse_WithMac_IsAuthenticated(int statusWord)
    {
        using var session = Started(out var chaining);
        var result = session.Unwrap(Protected(chaining, default, (ushort)statusWord)) as UnwrapResult.Authenticated;
        Assert.That(result?.StatusWord, Is.EqualTo(statusWord));
        Assert.That(result?.Data.IsEmpty, Is.True);
    }

    [Test]
    public void WholeBlockOfPadding_IsTakenOff()
    {
        using var session = Started(out var chaining);
        var data = Enumerable.Range(0, 16).Select(i => (byte)i).ToArray();
        var result = session.Unwrap(Protected(chaining, Encrypted([.. data, 0x80, .. new byte[15]]), 0x9000)) as UnwrapResult.Authenticated;
        Assert.That(result?.Data, Is.EqualTo(ByteString.Own(data)));
    }

    /// <summary>80 and then more 00 than Amendment D §6.2.7 asks for: seen in recorded sessions of real cards.</summary>
    [TestCase(0, 16)]
    [TestCase(0, 32)]
    [TestCase(0, 64)]
    [TestCase(1, 32)]
    [TestCase(15, 48)]
    [TestCase(16, 48)]
    [TestCase(17, 64)]
    public void PaddingOfSeveralBlocks_IsTakenOff(int length, int padded)
    {
        using var session = Started(out var chaining);
        var data = Enumerable.Range(1, length).Select(i => (byte)i).ToArray();
        var result = session.Unwrap(Protected(chaining, Encrypted([.. data, 0x80, .. new byte[padded - length - 1]]), 0x9000)) as UnwrapResult.Authenticated;
        Assert.That(result?.Data, Is.EqualTo(ByteString.Own(data)));
    }

    /// <summary>Data may end as padding does; the last 80 is the padding's.</summary>
    [Test]
    public void DataThatEndsAsPaddingDoes_IsKept()
    {
        using var session = Started(out var chaining);
        byte[] data = [0xAA, 0x80, 0x00, 0x00];
        var result = session.Unwrap(Protected(chaining, Encrypted([.. data, 0x80, .. new byte[27]]), 0x9000)) as UnwrapResult.Authenticated;
        Assert.That(result?.Data, Is.EqualTo(ByteString.Own(data)));
    }

    [Test]
    public void GenuineMac_OverWrongPadding_BreaksTheSession()
    {
        ByteString[] bodies =
        [
            ByteString.Own(new byte[15]),
            Encrypted(new byte[16]),
            Encrypted([.. new byte[15], 0x81]),
            Encrypted(new byte[48]),
            Encrypted([0x80, .. new byte[30], 0x01]),
            Encrypted([.. new byte[15], 0x80, .. new byte[15], 0x81, .. new byte[16]]),
        ];
        foreach (var body in bodies)
        {
            using var session = Started(out var chaining);
            Assert.That((session.Unwrap(Protected(chaining, body, 0x9000)) as UnwrapResult.Breach)?.Reason, Is.EqualTo(ChannelBreach.WrongPadding));
            Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xF2, 0x20, 0x02)), Throws.InvalidOperationException);
        }
    }

    [Test]
    public void RandomResponses_AreNeverAuthenticatedAndNeverThrow()
    {
        var seed = TestContext.CurrentContext.Random.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 300; i++)
        {
            using var session = Started(out _);
            var bytes = new byte[2 + random.Next(80)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0) (bytes[^2], bytes[^1]) = (0x90, 0x00);
            var response = ResponseApdu.Parse(bytes);
            UnwrapResult expected = response.StatusWord is not 0x9000 && bytes[^2] is not (0x62 or 0x63) ? new UnwrapResult.Unauthenticated(response.StatusWord)
                : new UnwrapResult.Breach(response.Data.Length < 8 ? ChannelBreach.MissingMac : ChannelBreach.WrongMac, response.StatusWord);
            Assert.That(session.Unwrap(response), Is.EqualTo(expected), $"seed {seed}: {Convert.ToHexString(bytes)}");
        }
    }
}
