using System.Security.Cryptography;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Keys;
using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Terminal.Modules;
using CardIssue.Test.Keys;

namespace CardIssue.Test.Modules;

/// <summary>A center's vault, two terminals' modules and an admission between them, with the keys on disk in a folder of their own.</summary>
internal sealed class Counter : IDisposable
{
    public const string KeySet = "visa";
    public const byte KeyVersion = 0x30;
    public static readonly ByteString Master = ByteString.FromHex("404142434445464748494A4B4C4D4E4F");
    public static readonly ByteString Passphrase = ByteString.Own("open sesame, please"u8.ToArray());
    public static readonly OrderId Order = new("A-17");
    public static readonly CardId Card = new(CardModel.DiversificationData);

    public Counter()
    {
        Folder = Directory.CreateTempSubdirectory("cardissue-").FullName;
        using var passphrase = SecretBytes.Copy(Passphrase.Span);
        Vault = FileKeyVault.Create(VaultPath, passphrase, new CenterId("C-1"), PassphraseFileTest.Cheapest);
        ImportMaster(Vault, KeySet, KeyVersion, Master);
        Module = MakeModule("T-1", passphrase);
        Other = MakeModule("T-2", passphrase);
        Admission = Admit(Module);
    }

    public string Folder { get; }
    public string VaultPath => Path.Combine(Folder, "vault");
    public FileKeyVault Vault { get; }
    public SoftwareModule Module { get; }
    public SoftwareModule Other { get; }
    /// <summary>The hash of the latest admission.</summary>
    public ByteString Admission { get; private set; }

    public static void ImportMaster(FileKeyVault vault, string keySet, byte keyVersion, ByteString master, CardKeyAlgorithm algorithm = CardKeyAlgorithm.Aes128)
    {
        var first = RandomNumberGenerator.GetBytes(master.Length);
        var second = master.ToArray();
        for (var i = 0; i < second.Length; i++) second[i] ^= first[i];
        Assert.That(vault.Begin(keySet, keyVersion, algorithm), Is.EqualTo(CeremonyRefusal.None));
        Enter(vault, keySet, keyVersion, 1, "ann", first, algorithm);
        Enter(vault, keySet, keyVersion, 2, "bob", second, algorithm);
        using var whole = SecretBytes.Copy(master.Span);
        Assert.That(vault.Complete(keySet, keyVersion, CheckValue(whole, algorithm)), Is.EqualTo(CeremonyRefusal.None));
    }

    public static ByteString CheckValue(SecretBytes key, CardKeyAlgorithm algorithm) =>
        algorithm == CardKeyAlgorithm.TripleDes ? KeyCheckValue.OfDes(key) : KeyCheckValue.OfAes(key);

    /// <summary>Begins an admission at the module and proves it.</summary>
    public ByteString Admit(ISecureModule module)
    {
        var transcript = Transcript(module, module.BeginAdmission());
        Assert.That(module.ProveAdmission(transcript, out var proof), Is.EqualTo(ModuleRefusal.None));
        Assert.That(transcript.IsSigned(module.Identity.CredentialKey, proof!), Is.True);
        return Admission = transcript.Hash();
    }

    public AdmissionTranscript Transcript(ISecureModule module, ByteString terminalNonce, int window = 8) =>
        Transcript(new Hello(1, 1, module.Identity.Id, terminalNonce, window), ByteString.Own(RandomNumberGenerator.GetBytes(32)));

    public AdmissionTranscript Transcript(Hello hello, ByteString centerNonce) => new()
    {
        Hello = MessageCodec.BytesOf(hello), Challenge = MessageCodec.BytesOf(new Challenge(1, centerNonce, new LineNumber(1))),
        Center = Vault.Identity.Id, TerminalCertificate = default, CenterCertificate = default,
    };

    /// <summary>A note of the center, signed by its vault.</summary>
    public ByteString Note(long generation, long sequence) => Vault.Present.SignWitness(
        new WitnessNote(Vault.Identity.Id, ByteString.Own(new byte[16]), generation, "host-1", sequence, ByteString.Own(new byte[32])));

    /// <summary>Opens the model card at the center.</summary>
    public ICardOpening OpenCard(CardModel card, SecurityLevel level = SecurityLevel.CMacCEncRMac)
    {
        var challenge = RandomNumberGenerator.GetBytes(8);
        var result = Vault.OpenCard(KeySet, KeyVersion, KeyDiversification.None, challenge, card.InitializeUpdate(challenge),
            new ChannelTerms(level));
        return ((CardOpenResult.Opened)result).Opening;
    }

    public TicketRequest Request(int opening = 1, int sequence = 10, long fence = 7) => new(Admission, Order, Card, fence, opening, sequence);

    public static Script Authenticate(ByteString ticket, int opening = 1, int first = 10, int count = 1) =>
        new(ScriptKind.Authenticate, opening, 0, 1, first, count, false, true, ticket);

    public static Script Record(int first = 11, int count = 3, int opening = 1, int record = 1) => new(ScriptKind.Record, opening, record, 1, first, count, false, true, default);

    public void Dispose()
    {
        Vault.Dispose();
        Module.Dispose();
        Other.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private SoftwareModule MakeModule(string name, SecretBytes passphrase)
    {
        using var file = SoftwareModuleFile.Create(Path.Combine(Folder, name), passphrase, new TerminalId(name), cost: PassphraseFileTest.Cheapest);
        file.TrustCenter(Vault.Identity);
        return file.OpenModule();
    }

    private static void Enter(FileKeyVault vault, string keySet, byte keyVersion, int number, string custodian, byte[] component, CardKeyAlgorithm algorithm)
    {
        using var secret = SecretBytes.Copy(component);
        Assert.That(vault.Enter(keySet, keyVersion, number, new CustodianId(custodian), secret, CheckValue(secret, algorithm)), Is.EqualTo(CeremonyRefusal.None));
    }
}
