using System.Text.Json;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

/// <summary>What the tests of SCP02 and SCP03 ask alike.</summary>
internal static class Channels
{
    /// <summary>The session of an opening that must have worked.</summary>
    public static SecureChannelSession Opened(this ChannelOpenResult result)
    {
        Assert.That(result, Is.InstanceOf<ChannelOpenResult.Opened>());
        return ((ChannelOpenResult.Opened)result).Session;
    }

    public static void ThatIsRefused(ChannelOpenResult result, OpenDiagnosis diagnosis) =>
        Assert.That((result as ChannelOpenResult.Refused)?.Diagnosis, Is.EqualTo(diagnosis));

    /// <summary>A vector's answer to INITIALIZE UPDATE, with one byte changed.</summary>
    public static ByteString With(this JsonElement vector, int index, byte value)
    {
        var data = vector.Hex("initializeUpdateResponse").ToArray();
        data[index] = value;
        return ByteString.Own(data);
    }

    public static void ThatEveryFlippedBitOfTheCryptogramIsRefused(JsonElement vector, int at, Func<ByteString, ChannelOpenResult> open)
    {
        for (var bit = 0; bit < 64; bit++)
        {
            var index = at + bit / 8;
            ThatIsRefused(open(vector.With(index, (byte)(vector.Hex("initializeUpdateResponse")[index] ^ 1 << bit % 8))), OpenDiagnosis.WrongCryptogram);
        }
    }

    public static void ThatEveryCutAnswerIsMalformed(JsonElement vector, Func<ByteString, ChannelOpenResult> open)
    {
        var data = vector.Hex("initializeUpdateResponse");
        for (var length = 0; length < data.Length; length++) ThatIsRefused(open(data.Slice(0, length)), OpenDiagnosis.MalformedResponse);
    }

    /// <summary>The data of a response as the session's level has it: authenticated, or not protected at all.</summary>
    public static ByteString PlainOf(SecureChannelSession session, UnwrapResult result) => result switch
    {
        UnwrapResult.Authenticated authenticated when session.Level.HasRMac() => authenticated.Data,
        UnwrapResult.NoProtection open when !session.Level.HasRMac() => open.Data,
        _ => throw new AssertionException(result.ToString()),
    };

    /// <summary>What a module has that got the session keys alone speaks as the center does, and has no DEK.</summary>
    public static void ThatKeysAloneSpeakTheSame(SecureChannelSession center, Action<SecureChannelSession> replay)
    {
        Span<byte> exported = stackalloc byte[ChannelSessionKeys.MaxExportedLength];
        var length = center.ExportKeys(exported);
        using var module = ChannelOpening.FromSessionKeys(ChannelSessionKeys.Import(exported[..length]));
        replay(module);
        replay(center);
        Assert.That(() => module.EncryptWithDek(new byte[16]), Throws.InvalidOperationException);
    }

    /// <summary>A response with any bit of its data flipped ends the session, for good.</summary>
    public static void ThatEveryFlippedBitBreaks(ResponseApdu response, Func<SecureChannelSession> start)
    {
        var genuine = response.ToBytes();
        for (var bit = 0; bit < 8 * (genuine.Length - 2); bit++)
        {
            using var session = start();
            var bytes = genuine.ToArray();
            bytes[bit / 8] ^= (byte)(1 << bit % 8);
            var result = session.Unwrap(ResponseApdu.Parse(bytes));
            Assert.That((result as UnwrapResult.Breach)?.Reason, Is.EqualTo(ChannelBreach.WrongMac), $"bit {bit}");
            Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66)), Throws.InvalidOperationException);
            Assert.That(() => session.Unwrap(ResponseApdu.Parse(genuine.Span)), Throws.InvalidOperationException);
            Assert.That(() => session.EncryptWithDek(new byte[16]), Throws.InvalidOperationException);
        }
    }

    /// <summary>What has to be protected and has no room for a MAC is a breach.</summary>
    public static void ThatAMissingMacBreaks(SecureChannelSession session, int statusWord)
    {
        var result = session.Unwrap(new ResponseApdu(ByteString.FromHex("01020304050607"), (ushort)statusWord));
        Assert.That((result as UnwrapResult.Breach)?.Reason, Is.EqualTo(ChannelBreach.MissingMac));
        Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xCA, 0, 0x66)), Throws.InvalidOperationException);
    }

    /// <summary>So much data goes into one command, and a byte more does not.</summary>
    public static void ThatMostDataIs(SecureChannelSession session, int most)
    {
        Assert.That(session.MaxPlainData, Is.EqualTo(most));
        Assert.That(session.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.Own(new byte[most]))).IsExtended, Is.False);
        if (most < CommandApdu.MaxShortData)
            Assert.That(() => session.Wrap(new CommandApdu(0x80, 0xE2, 0, 0, ByteString.Own(new byte[most + 1]))), Throws.ArgumentException);
    }
}
