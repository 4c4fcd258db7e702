using System.Collections;
using System.Reflection;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Crypto;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Keys;
using CardIssue.Test.Modules;

namespace CardIssue.Test.Vault;

public class SecretLeakTest
{
    [Test]
    public void ACardIsOpened_EverythingThatIsShownOrSent_HoldsNoKey()
    {
        using var counter = new Counter();
        var card = new CardModel(Counter.Master.Memory, Counter.KeyVersion);
        using var opening = counter.OpenCard(card);
        var ticket = opening.SealTicket(counter.Module.Identity, counter.Request());
        var script = Counter.Authenticate(ticket);
        counter.Module.OpenTicket(script);
        var first = opening.SealExternalAuthenticate(new CommandContext(script, 0));
        byte[][] secrets = [.. card.SessionKeys, Counter.Master.ToArray(), Counter.Passphrase.ToArray()];

        object[] shown =
        [
            counter.Vault, counter.Module, opening, opening.Answer, counter.Vault.CardMasterKeys[0], counter.Vault.Identity, script, counter.Request(), counter.Admission,
            SecretBytes.Copy(Counter.Master.Span), new Command(1, first, default),
        ];
        foreach (var text in shown.Select(o => o.ToString()!).Concat(Errors(counter, opening))) Clean(text, secrets);
        foreach (var bytes in new[] { ticket.ToArray(), first.ToArray(), File.ReadAllBytes(counter.VaultPath), File.ReadAllBytes(Path.Combine(counter.Folder, "T-1")) })
            foreach (var secret in secrets) Assert.That(bytes.AsSpan().IndexOf(secret), Is.Negative);
    }

    [Test]
    public void AnOpeningEnds_ItsPinnedMemory_IsZero()
    {
        using var counter = new Counter();
        var card = new CardModel(Counter.Master.Memory, Counter.KeyVersion);
        using var opening = counter.OpenCard(card);
        var script = Counter.Authenticate(opening.SealTicket(counter.Module.Identity, counter.Request()));
        counter.Module.OpenTicket(script);
        var session = Field(Field(counter.Module, "_opening"), "_session");
        var keys = (ChannelSessionKeys)Field(session, "Keys");
        Assert.That(keys.Enc.Span.ToArray(), Is.EqualTo(card.SessionKeys.First()), "this is the memory");
        var memory = (byte[])Field(keys.Enc, "_pinned");
        counter.Module.EndOpening();
        Assert.That(memory, Is.All.Zero);
        Assert.That((byte[])Field(counter.Module, "_plain"), Is.All.Zero);
    }

    [Test]
    public void PublicMembersOfVaultAndModule_HandOutNoSecretBytesOfKeys()
    {
        // Those that hand secrets out hand out what they are asked for: the write data and the code, the TLS key for the listener, and the key
        // of one encrypted file of orders, which opens nothing else.
        string[] allowed = ["TryOpenOrderData", "TryOpenIssueCode", "CopyTlsServer", "TryUnwrap"];
        Type[] types = [typeof(CardIssue.Center.Vault.FileKeyVault), typeof(CardIssue.Center.Vault.ICardOpening), typeof(CardIssue.Terminal.Modules.SoftwareModule)];
        var handers = types.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static))
            .Where(method => method.ReturnType == typeof(SecretBytes) || method.GetParameters().Any(p => p.IsOut && p.ParameterType.GetElementType() == typeof(SecretBytes)));
        Assert.That(handers.Select(method => method.Name), Is.SubsetOf(allowed));
    }

    private static IEnumerable<string> Errors(Counter counter, CardIssue.Center.Vault.ICardOpening opening)
    {
        var place = new CommandContext(Counter.Record(), 0);
        using var wrong = SecretBytes.Copy("another passphrase"u8);
        Action[] faults =
        [
            () => opening.SealCommand(place, [1, 2, 3], new byte[64]),
            () => opening.SealCommand(place, new byte[300], new byte[400]),
            () => opening.SealTicket(counter.Module.Identity, counter.Request()),
            () => opening.EncryptData(new byte[3]),
            () => CardIssue.Center.Vault.FileKeyVault.Open(counter.VaultPath, wrong).Dispose(),
            () => PassphraseFile.Create(counter.VaultPath, PassphraseFileKind.CenterVault, wrong, default, PassphraseFileTest.Cheapest).Dispose(),
            () => counter.Vault.OpenCard("visa", Counter.KeyVersion, KeyDiversification.Visa2, new byte[8], default, new ChannelTerms(SecurityLevel.CMac)),
        ];
        foreach (var fault in faults)
        {
            var thrown = Assert.Catch(() => fault());
            yield return thrown!.ToString();
            foreach (DictionaryEntry entry in thrown.Data) yield return $"{entry.Key} {entry.Value}";
        }
    }

    private static void Clean(string text, byte[][] secrets)
    {
        var plain = text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        foreach (var secret in secrets)
        {
            Assert.That(plain, Does.Not.Contain(Convert.ToHexString(secret.AsSpan(0, 8))).IgnoreCase);
            Assert.That(text, Does.Not.Contain(Convert.ToBase64String(secret.AsSpan(0, 9))));
            Assert.That(text, Does.Not.Contain(System.Text.Encoding.Latin1.GetString(secret)));
        }
    }

    private static object Field(object owner, string name)
    {
        FieldInfo? field = null;
        for (var type = owner.GetType(); type is not null && field is null; type = type.BaseType)
            field = type.GetField(name, BindingFlags.NonPublic | BindingFlags.Instance) ?? type.GetField($"<{name}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance);
        Assert.That(field, Is.Not.Null, $"{owner.GetType().Name}.{name}");
        return field!.GetValue(owner)!;
    }
}
