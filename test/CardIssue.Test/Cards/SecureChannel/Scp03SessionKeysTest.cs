using CardIssue.Core.Cards.SecureChannel.Scp03;
using CardIssue.Core.Primitives;
using CardIssue.Test.Cards.Vectors;

namespace CardIssue.Test.Cards.SecureChannel;

public class Scp03SessionKeysTest
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
        var layout = ByteString.Concat(ByteString.FromHex("01111000"), vector.Hex("externalAuthenticate").Slice(5, 8),
            vector.Hex("sessionEnc"), vector.Hex("sessionMac"), vector.Hex("sessionRmac"));
        Assert.That(ByteString.Own(Exported()), Is.EqualTo(layout));
    }

    [Test]
    public void Imported_ExportsTheSame()
    {
        var exported = Exported();
        exported[3] = 1;
        using var keys = Scp03SessionKeys.Import(exported);
        Assert.That(keys.CountsEmptyCommands, Is.False);
        var again = new byte[keys.ExportedLength];
        Assert.That(keys.Export(again), Is.EqualTo(exported.Length));
        Assert.That(again, Is.EqualTo(exported));
        Assert.That(() => keys.Export(new byte[4]), Throws.ArgumentException);
    }

    [TestCase(0, 2)]
    [TestCase(1, 0x30)]
    [TestCase(2, 17)]
    [TestCase(2, 24)]
    [TestCase(3, 2)]
    public void WrongByte_Imported_IsRefused(int index, int value)
    {
        var exported = Exported();
        exported[index] = (byte)value;
        Assert.That(Scp03SessionKeys.TryImport(exported, out _, out var error), Is.False);
        Assert.That(error, Is.Not.Empty);
        Assert.That(() => Scp03SessionKeys.Import(exported), Throws.InstanceOf<FormatException>());
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
        byte[] exported = [0x01, 0x11, (byte)length, 0x00, .. new byte[8 + 3 * length]];
        Assert.That(Scp03SessionKeys.TryImport(exported, out var keys, out var error), Is.False);
        Assert.That(error, Does.Contain("no AES key length"));
        Assert.That(keys, Is.Null);
    }

    [TestCase(16)]
    [TestCase(24)]
    [TestCase(32)]
    public void KeyLengthOfAes_Imported_IsTaken(int length)
    {
        byte[] exported = [0x01, 0x11, (byte)length, 0x00, .. Enumerable.Range(1, 8 + 3 * length).Select(i => (byte)i)];
        using var keys = Scp03SessionKeys.Import(exported);
        var again = new byte[keys.ExportedLength];
        keys.Export(again);
        Assert.That(again, Is.EqualTo(exported));
    }

    [Test]
    public void AnyOtherLength_Imported_IsRefused()
    {
        var exported = Exported();
        for (var length = 0; length < exported.Length; length++)
            Assert.That(Scp03SessionKeys.TryImport(exported.AsSpan(0, length), out _, out _), Is.False);
        Assert.That(Scp03SessionKeys.TryImport([.. exported, 0], out _, out _), Is.False);
    }
}
