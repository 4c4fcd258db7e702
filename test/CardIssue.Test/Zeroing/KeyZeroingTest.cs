using System.Security.Cryptography;
using CardIssue.Center.Vault;
using CardIssue.Core;
using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Cards.SecureChannel.Opening;
using CardIssue.Core.Cards.SecureChannel.Scp02;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Cards.SecureChannel;
using CardIssue.Test.Cards.Vectors;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;
using CardIssue.Test.Vault;

namespace CardIssue.Test.Zeroing;

/// <summary>Every key is zeroed with its owner, each of them in its very memory.</summary>
[NonParallelizable]
public sealed class KeyZeroingTest
{
    private static readonly byte[] Secret = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private static SecretBytes Passphrase() => SecretBytes.Copy("correct horse"u8);

    private static SecureChannelSession Session(int nth = 0) => Scp03SessionTest.Open(Vector.Load("scp03_sessions.json").Where(s =>
        s.Text("name").Contains("33", StringComparison.Ordinal)).ElementAt(nth));

    private static IEnumerable<TestCaseData> Owners()
    {
        yield return Owner("SecretBytes_Copied", 1, () => SecretBytes.Copy(Secret));
        yield return Owner("SecretBytes_Taken", 1, () => SecretBytes.Take(Secret.ToArray()));
        yield return Owner("SecretBytes_Random", 1, () => SecretBytes.Random(32));
        yield return Owner("SecretBytes_Created", 1, () => SecretBytes.Create(32, Secret, static (bytes, secret) => secret.CopyTo(bytes)));
        yield return Owner("LineFrame", 1, Frame);
        yield return Owner("LineKeys", 2, () => new LineKeys(SecretBytes.Copy(Secret), SecretBytes.Copy(Secret)));
        yield return Owner("P256PrivateKey", 1, P256PrivateKey.Generate);
        yield return Owner("TerminalTransportKey", 1, Transport);
        yield return Owner("CardKeySet", 3, () => new CardKeySet(SecretBytes.Random(16), SecretBytes.Random(16), SecretBytes.Random(16)));
        yield return Owner("StaticKeys", 3, () => new StaticKeys(0x30, SecretBytes.Random(16), SecretBytes.Random(16),
            SecretBytes.Random(16)));
        yield return Owner("ChannelSessionKeys", 3, SessionKeys);
        yield return Owner("Scp03Session_WithDek", 4, () => Session());
        yield return Owner("Scp03Session_OfSessionKeysAlone", 3, () => ChannelOpening.FromSessionKeys(SessionKeys()));
        yield return Owner("Scp03Session_ForWrappingAlone", 3, () => ChannelOpening.ForWrappingAlone(SessionKeys()));
        yield return Owner("Scp02Session_WithDek", 4, () => Scp02SessionTest.Open(Scp02SessionTest.Vector13));
        yield return Owner("Scp02Session_WithAnAnswerOutstanding", 5, WithAnAnswerOutstanding);
        yield return Owner("SecretWriter", 1, Writer);

        static TestCaseData Owner(string name, int arrays, Func<IDisposable> make) =>
            new TestCaseData(make, arrays).SetArgDisplayNames(name);

        static LineFrame Frame()
        {
            var frame = new LineFrame(Secret.Length);
            Secret.CopyTo(frame.Memory);
            return frame;
        }

        static TerminalTransportKey Transport()
        {
            using var own = P256PrivateKey.Generate();
            using var counter = new Counter();
            return TerminalTransportKey.AtTerminal(own, new TerminalId("T"), 1, counter.Vault.Identity);
        }

        static ChannelSessionKeys SessionKeys()
        {
            using var session = Session();
            var exported = new byte[session.ExportedKeysLength];
            session.ExportKeys(exported);
            return ChannelSessionKeys.Import(exported);
        }

        // The plain command is kept until its R-MAC was judged.
        static SecureChannelSession WithAnAnswerOutstanding()
        {
            var session = Scp02SessionTest.Open(Scp02SessionTest.Vector13);
            session.ExternalAuthenticate();
            session.Wrap(CommandApdu.Parse([0x80, 0xE2, 0x00, 0x00, 0x02, 0xCA, 0xFE]));
            return session;
        }

        static SecretWriter Writer()
        {
            var writer = new SecretWriter();
            writer.Bytes(Secret);
            return writer;
        }
    }

    [TestCaseSource(nameof(Owners))]
    public void Owner_Disposed_EveryArrayIsZero(Func<IDisposable> make, int arrays)
    {
        var owner = make();
        var held = HeldBytes.Of(owner);
        Assert.That(held.Left.Count(), Is.EqualTo(arrays), "this is the memory");
        owner.Dispose();
        Assert.That(held.Left, Is.Empty);
        Assert.That(owner.Dispose, Throws.Nothing, "twice is harmless");
    }

    [Test]
    public void Secret_Taken_ItsSourceIsZero_AndCopiedIsNot()
    {
        var source = Secret.ToArray();
        using (var copied = SecretBytes.Copy(source)) Assert.That(source, Is.EqualTo(Secret));
        using var taken = SecretBytes.Take(source);
        Assert.That(source, Is.All.Zero);
        Assert.That(taken.Span.ToArray(), Is.EqualTo(Secret));
    }

    [Test]
    public void Secret_Disposed_IsLentNoMore()
    {
        var secret = SecretBytes.Copy(Secret);
        secret.Dispose();
        Assert.That(() => secret.Span.Length, Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => secret.FixedTimeEquals(new byte[32]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public unsafe void Secret_WhoseMakingFails_LeavesNothing()
    {
        nint at = 0;
        Assert.That(() => SecretBytes.Create(32, Secret, (bytes, secret) =>
        {
            secret.CopyTo(bytes);
            fixed (byte* memory = bytes) at = (nint)memory;
            throw new CryptographicException("test");
        }), Throws.InstanceOf<CryptographicException>());
        // Nobody holds the memory any more, but it is pinned, and nothing was allocated since.
        Assert.That(new ReadOnlySpan<byte>((void*)at, 32).IndexOf(Secret.AsSpan(8, 8)), Is.Negative);
    }

    [Test]
    public void Writer_Outgrown_LeavesNothingInItsOldMemory()
    {
        var writer = new SecretWriter();
        writer.Bytes(Secret);
        var old = HeldBytes.Of(writer);
        writer.Bytes(new byte[5_000]);
        Assert.That(old.Left, Is.Empty);
        Assert.That(HeldBytes.Of(writer).Hold(Secret), Is.True, "it was moved");
        writer.Dispose();
    }

    [TestCase("8899AABBCCDDEEFF", TestName = "Channel_WrongMac_ZeroesAllKeys")]
    [TestCase("88", TestName = "Channel_NoMac_ZeroesAllKeys")]
    public void Channel_Broken_ZeroesAllKeys(string data)
    {
        using var session = Session();
        var held = HeldBytes.Of(session);
        session.ExternalAuthenticate();
        session.Wrap(CommandApdu.Parse([0x80, 0xE2, 0x00, 0x00, 0x02, 0xCA, 0xFE]));
        Assert.That(held.Left.Count(), Is.EqualTo(4));
        Assert.That(session.Unwrap(new ResponseApdu(ByteString.FromHex(data), 0x9000)), Is.InstanceOf<UnwrapResult.Breach>());
        Assert.That(held.Left, Is.Empty);
    }

    public enum OpeningEnds
    {
        Ended,
        NextAdmission,
        NextTicket,
        Disposed,
    }

    [Test]
    public void Module_OpeningIsOver_ItsKeysAreZero_AndOnlyItsOwn([Values] OpeningEnds by)
    {
        using var counter = new Counter();
        var card = new CardModel(Counter.Master.Memory, Counter.KeyVersion);
        using var opening = counter.OpenCard(card);
        counter.Module.OpenTicket(Counter.Authenticate(opening.SealTicket(counter.Module.Identity, counter.Request())));
        var held = HeldBytes.Of(counter.Module);
        Assert.That(held.Left.Count(p => p.Contains("._opening", StringComparison.Ordinal)), Is.EqualTo(3), "S-ENC, S-MAC, S-RMAC");
        foreach (var key in card.SessionKeys) Assert.That(held.Hold(key), Is.True);
        var own = held.Left.Where(p => !p.Contains("._opening", StringComparison.Ordinal)).ToArray();
        switch (by)
        {
            case OpeningEnds.Ended: counter.Module.EndOpening(); break;
            case OpeningEnds.NextAdmission: counter.Module.BeginAdmission(); break;
            case OpeningEnds.Disposed: counter.Module.Dispose(); break;
            case OpeningEnds.NextTicket:
                using (var next = counter.OpenCard(card))
                    Assert.That(counter.Module.OpenTicket(Counter.Authenticate(next.SealTicket(counter.Module.Identity,
                        counter.Request(2, 20)), 2, 20)).ToString(), Is.EqualTo("None"));
                break;
        }
        Assert.That(held.Left, Is.EqualTo(by is OpeningEnds.Disposed ? [] : own));
    }

    [Test]
    public void CentersOpening_Disposed_ItsKeysAreZero_AndNoCommandIsLeft()
    {
        using var counter = new Counter();
        var opening = counter.OpenCard(new CardModel(Counter.Master.Memory, Counter.KeyVersion));
        var held = HeldBytes.Of(opening);
        var script = Counter.Authenticate(opening.SealTicket(counter.Module.Identity, counter.Request()));
        opening.SealExternalAuthenticate(new CommandContext(script, 0));
        byte[] command = [0x80, 0xE2, 0x00, 0x00, 0x04, 0xCA, 0xFE, 0xBA, 0xBE];
        opening.SealCommand(new CommandContext(Counter.Record(), 0), command, new byte[64]);
        Assert.That(held.Left.Count(), Is.EqualTo(4), "S-ENC, S-MAC, S-RMAC and DEK, and not the wrapped command");
        opening.Dispose();
        Assert.That(held.Left, Is.Empty);
    }

    [Test]
    public void Vault_Disposed_EveryKeyIsZero()
    {
        using var counter = new Counter();
        Assert.That(counter.Vault.Begin("half", 1, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.None));
        using (var component = SecretBytes.Random(16))
            Assert.That(counter.Vault.Enter("half", 1, 1, new CustodianId("ann"), component, KeyCheckValue.OfAes(component)),
                Is.EqualTo(CeremonyRefusal.None));
        counter.Vault.UseTlsServer(Secret, ByteString.Own(new byte[32]));
        var held = HeldBytes.Of(counter.Vault);
        Assert.That(held.Hold(Counter.Master.Span), Is.True, "this is the memory");
        Assert.That(held.Hold(Secret), Is.True);
        counter.Vault.Dispose();
        Assert.That(held.Left, Is.Empty);
    }

    [Test]
    public void Ceremony_Over_ItsComponentsAreZero([Values] bool completed)
    {
        using var counter = new Counter();
        Assert.That(counter.Vault.Begin("next", 1, CardKeyAlgorithm.Aes128), Is.EqualTo(CeremonyRefusal.None));
        var (first, second) = (RandomNumberGenerator.GetBytes(16), RandomNumberGenerator.GetBytes(16));
        foreach (var (custodian, number, bytes) in new[] { ("ann", 1, first), ("bob", 2, second) })
        {
            using var component = SecretBytes.Copy(bytes);
            Assert.That(counter.Vault.Enter("next", 1, number, new CustodianId(custodian), component, KeyCheckValue.OfAes(component)),
                Is.EqualTo(CeremonyRefusal.None));
        }
        var held = HeldBytes.Of(counter.Vault);
        Assert.That(held.Hold(first) && held.Hold(second), Is.True, "this is the memory");
        using var whole = SecretBytes.Copy([.. first.Zip(second, (a, b) => (byte)(a ^ b))]);
        Assert.That(completed ? counter.Vault.Complete("next", 1, KeyCheckValue.OfAes(whole)) : counter.Vault.Cancel("next", 1),
            Is.EqualTo(CeremonyRefusal.None));
        Assert.That(held.Hold(first) || held.Hold(second), Is.False);
        Assert.That(HeldBytes.Of(counter.Vault).Hold(whole.Span), Is.EqualTo(completed));
    }

    [Test]
    public void MasterKey_Destroyed_IsZero()
    {
        using var counter = new Counter();
        var held = HeldBytes.Of(counter.Vault);
        Assert.That(held.Hold(Counter.Master.Span), Is.True, "this is the memory");
        Assert.That(counter.Vault.Destroy(Counter.KeySet, Counter.KeyVersion), Is.True);
        Assert.That(held.Hold(Counter.Master.Span), Is.False);
    }

    [Test]
    public void PassphraseFile_RewrappedAndDisposed_ItsOldKeyAndItsNewAreZero()
    {
        var folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        using var passphrase = Passphrase();
        using var next = SecretBytes.Copy("battery staple"u8);
        var file = PassphraseFile.Create(Path.Combine(folder, "keys"), PassphraseFileKind.CenterVault, passphrase, Secret,
            PassphraseFileTest.Cheapest);
        var before = HeldBytes.Of(file);
        Assert.That(before.Left.Count(), Is.EqualTo(1));
        file.Rewrap(next, Secret);
        Assert.That(before.Left, Is.Empty);
        var after = HeldBytes.Of(file);
        Assert.That(after.Left.Count(), Is.EqualTo(1));
        file.Dispose();
        Assert.That(after.Left, Is.Empty);
        Assert.That(passphrase.FixedTimeEquals("correct horse"u8), Is.True, "it stays the caller's");
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void ModuleFile_Disposed_EveryKeyIsZero_AndTheModulesOwnAreNot()
    {
        using var counter = new Counter();
        using var passphrase = Passphrase();
        var file = SoftwareModuleFile.Create(Path.Combine(counter.Folder, "T-9"), passphrase, new TerminalId("T-9"),
            cost: PassphraseFileTest.Cheapest);
        file.TrustCenter(counter.Vault.Identity);
        file.UseTlsClient(Secret, ByteString.Own(new byte[32]));
        using var module = file.OpenModule();
        var (held, own) = (HeldBytes.Of(file), HeldBytes.Of(module));
        Assert.That(held.Left.Count(), Is.EqualTo(4), "credential, agreement key, TLS key, the file's key");
        file.Dispose();
        Assert.That(held.Left, Is.Empty);
        Assert.That(own.Left.Count(), Is.EqualTo(2), "credential and agreement key");
    }

    [Test]
    public void OrderData_Opened_IsPinned_AndZeroWhenItsUserIsDone()
    {
        using var counter = new Counter();
        var sealedData = counter.Vault.SealOrderData(Seals.Terms(Counter.Order), Secret);
        Assert.That(counter.Vault.TryOpenOrderData(Seals.Terms(Counter.Order), sealedData, out var plain), Is.True);
        var held = HeldBytes.Of(plain!);
        Assert.That(held.Hold(Secret), Is.True);
        plain!.Dispose();
        Assert.That(held.Left, Is.Empty);
        Assert.That(HeldBytes.Of(counter.Vault).Hold(Secret), Is.False, "the vault keeps no copy");
    }
}
