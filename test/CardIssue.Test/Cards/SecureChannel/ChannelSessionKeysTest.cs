using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class ChannelSessionKeysTest
{
    private static byte[] Exported()
    {
        using var session = Scp03SessionTest.Open(Vector.Load("scp03_sessions.json").First());
        var exported = new byte[session.ExportedKeysLength];
        session.ExportKeys(exported);
        return exported;
    }

    [Test]
    public void Exported_HasTheDocumentedLayout()
    {
        var vector = Vector.Load("scp03_sessions.json").First();
        var layout = ByteString.Concat(ByteString.FromHex("03"), vector.Hex("initializeUpdateResponse").Slice(12, 1), ByteString.FromHex("11001008"), vector.Hex("externalAuthenticate").Slice(5, 8),
            vector.Hex("sessionEnc"), vector.Hex("sessionMac"), vector.Hex("sessionRmac"));
        Assert.That(ByteString.Own(Exported()), Is.EqualTo(layout));
    }

    [Test]
    public void Imported_ExportsTheSame()
    {
        var exported = Exported();
        exported[3] = 1;
        using var keys = ChannelSessionKeys.Import(exported);
        Assert.That(keys.CountsEmptyCommands, Is.False);
        var again = new byte[keys.ExportedLength];
        Assert.That(keys.Export(again), Is.EqualTo(exported.Length));
        Assert.That(again, Is.EqualTo(exported));
        Assert.That(() => keys.Export(new byte[4]), Throws.ArgumentException);
    }

    [TestCase(0, 4)]
    [TestCase(2, 0x30)]
    [TestCase(3, 2)]
    [TestCase(4, 17)]
    [TestCase(4, 24)]
    [TestCase(5, 16)]
    public void WrongByte_Imported_IsRefused(int index, int value)
    {
        var exported = Exported();
        exported[index] = (byte)value;
        Assert.That(ChannelSessionKeys.TryImport(exported, out _, out var error), Is.False);
        Assert.That(error, Is.Not.Empty);
        Assert.That(() => ChannelSessionKeys.Import(exported), Throws.InstanceOf<FormatException>());
    }

    /// <summary>The length is right for the keys that it says; AES has none such.</summary>
    [TestCase(0)]
    [TestCase(8)]
    [TestCase(15)]
    [TestCase(17)]
    [TestCase(23)]
    [TestCase(25)]
    [TestCase(33)]
    public void KeyLengthThatAesDoesNotHave_Imported_IsRefused(int length)
    {
        byte[] exported = [0x03, 0x00, 0x11, 0x00, (byte)length, 0x08, .. new byte[8 + 3 * length]];
        Assert.That(ChannelSessionKeys.TryImport(exported, out var keys, out var error), Is.False);
        Assert.That(error, Does.Contain("no AES key length"));
        Assert.That(keys, Is.Null);
    }

    [TestCase(16)]
    [TestCase(24)]
    [TestCase(32)]
    public void KeyLengthOfAes_Imported_IsTaken(int length)
    {
        byte[] exported = [0x03, 0x00, 0x11, 0x00, (byte)length, 0x08, .. Enumerable.Range(1, 8 + 3 * length).Select(i => (byte)i)];
        using var keys = ChannelSessionKeys.Import(exported);
        var again = new byte[keys.ExportedLength];
        keys.Export(again);
        Assert.That(again, Is.EqualTo(exported));
    }

    private static ByteString ExportedBy(SecureChannelSession session)
    {
        using (session)
        {
            var exported = new byte[session.ExportedKeysLength];
            session.ExportKeys(exported);
            return ByteString.Own(exported);
        }
    }

    [Test]
    public void Scp02_Exported_HasTheDocumentedLayout()
    {
        var vector = Scp02SessionTest.Vector13;
        Assert.That(ExportedBy(Scp02SessionTest.Open(vector)), Is.EqualTo(ByteString.Concat(
            ByteString.FromHex("023513001008"), vector.Hex("externalAuthenticate").Slice(5, 8),
            vector.Hex("sessionEnc"), vector.Hex("sessionMac"), vector.Hex("sessionRmac"))));
    }

    [Test]
    public void S16_Exported_HasTheDocumentedLayout()
    {
        var vector = Vector.Load("scp03_s16_sessions.json").Single(v => v.Text("name") == "S16 AES256 level 11");
        Assert.That(ExportedBy(Scp03SessionTest.Open(vector)), Is.EqualTo(ByteString.Concat(
            ByteString.FromHex("037111002010"), vector.Hex("externalAuthenticate").Slice(5, 16),
            vector.Hex("sessionEnc"), vector.Hex("sessionMac"), vector.Hex("sessionRmac"))));
    }

    [TestCase(0, 0x04, TestName = "Scp02_OfAnUnknownProtocol_IsRefused")]
    [TestCase(1, 0x1A, TestName = "Scp02_OfImplicitInitiation_IsRefused")]
    [TestCase(2, 0x33, TestName = "Scp02_OfALevelThatItDoesNotHave_IsRefused")]
    [TestCase(3, 0x02, TestName = "Scp02_OfUnknownFlags_IsRefused")]
    [TestCase(4, 0x18, TestName = "Scp02_OfAnotherKeyLength_IsRefused")]
    [TestCase(5, 0x10, TestName = "Scp02_OfAnotherCryptogramLength_IsRefused")]
    public void Scp02_WrongByte_IsRefused(int index, int value)
    {
        var exported = ExportedBy(Scp02SessionTest.Open(Scp02SessionTest.Vector13)).ToArray();
        exported[index] = (byte)value;
        Assert.That(ChannelSessionKeys.TryImport(exported, out _, out var error), Is.False);
        Assert.That(error, Is.Not.Empty);
        for (var length = 0; length < exported.Length; length++)
            Assert.That(ChannelSessionKeys.TryImport(exported.AsSpan(0, length), out _, out _), Is.False);
    }

    [Test]
    public void AnyOtherLength_Imported_IsRefused()
    {
        var exported = Exported();
        for (var length = 0; length < exported.Length; length++)
            Assert.That(ChannelSessionKeys.TryImport(exported.AsSpan(0, length), out _, out _), Is.False);
        Assert.That(ChannelSessionKeys.TryImport([.. exported, 0], out _, out _), Is.False);
    }
}
