using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Products;
using CardIssue.Center.Vault;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Vault;

/// <summary>Terms of orders for tests; and write data as versions before layout 02 sealed it, from a description of its own.</summary>
internal static class Seals
{
    public static OrderTerms Terms(OrderId order) => new(
        order, "c1", 1, "Gold 476173******0119",
        new ProductTerms(new ProductRef("gold", 3), ByteString.Own(SHA256.HashData("{}"u8)), KeyMode.EndToEnd,
            SecurityLevel.CMacCEncRMacREnc, false));

    /// <summary>One change of each term.</summary>
    public static IEnumerable<(string Name, OrderTerms Terms)> OtherThan(OrderTerms terms)
    {
        var product = terms.Product;
        yield return ("order", terms with { Order = new OrderId("other") });
        yield return ("customer", terms with { Customer = "c2" });
        yield return ("sequence", terms with { Sequence = terms.Sequence + 1 });
        yield return ("display", terms with { Display = "Gold 476173******0127" });
        yield return ("product", terms with { Product = product with { Ref = new ProductRef("other", product.Ref.Version) } });
        yield return ("version", terms with { Product = product with { Ref = new ProductRef(product.Ref.Name, product.Ref.Version + 1) } });
        yield return ("text", terms with { Product = product with { Hash = ByteString.Own(SHA256.HashData("{ }"u8)) } });
        yield return ("mode", terms with { Product = product with { Mode = KeyMode.Module } });
        yield return ("level", terms with { Product = product with { Level = SecurityLevel.CMac } });
        yield return ("issuer", terms with { Issuer = new IssuerId("bank-a") });
        yield return ("exposure", terms with { Product = product with { ExposedToTerminal = true } });
    }

    /// <summary>Layout 01, bound to the order alone.</summary>
    /// <param name="master">The master, 32 bytes.</param>
    /// <param name="version">Its version.</param>
    public static ByteString Older(OrderId order, ReadOnlySpan<byte> master, int version, ReadOnlySpan<byte> plain)
    {
        var bytes = new byte[65 + plain.Length + 16];
        bytes[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), version);
        RandomNumberGenerator.Fill(bytes.AsSpan(5, 12));
        var key = RandomNumberGenerator.GetBytes(32);
        using (var wrap = new AesGcm(master, 16))
        {
            wrap.Encrypt(bytes.AsSpan(5, 12), key, bytes.AsSpan(17, 32), bytes.AsSpan(49, 16),
                Encoding.UTF8.GetBytes($"CardIssue order key v1\0{version}\0{order.Value}"));
        }
        using (var data = new AesGcm(key, 16))
        {
            data.Encrypt(new byte[12], plain, bytes.AsSpan(65, plain.Length), bytes.AsSpan(65 + plain.Length, 16),
                Encoding.UTF8.GetBytes($"CardIssue order data v1\0{order.Value}"));
        }
        return ByteString.Own(bytes);
    }

    /// <summary>The newest master of a vault, which nothing hands out.</summary>
    public static byte[] MasterOf(FileKeyVault vault) => ((VaultContent)Private(vault, "_content")).Masters[^1].Span.ToArray();

    /// <summary>The log key of a vault, which nothing hands out.</summary>
    public static byte[] LogKeyOf(FileKeyVault vault) => ((VaultContent)Private(vault, "_content")).LogKey.Key.Span.ToArray();

    /// <summary>Makes a vault what one of an older version is: it takes over.</summary>
    public static void MakeOlder(FileKeyVault vault)
    {
        var content = (VaultContent)Private(vault, "_content");
        (content.TakesOverOrderData, content.TakesOverRows) = (true, true);
        vault.RotateIssueCodeKey();
    }

    private static object Private(object owner, string name) =>
        owner.GetType().GetField(name, BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(owner)!;
}
