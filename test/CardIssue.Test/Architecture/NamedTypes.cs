using System.Reflection;
using System.Reflection.Emit;

namespace CardIssue.Test.Architecture;

/// <summary>Which types a compiled type names: in what it derives from, its members' signatures, its methods' bodies and its attributes.</summary>
internal static class NamedTypes
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value, code => code.OperandType);

    /// <summary>Of one type; those within it are types of their own.</summary>
    public static IEnumerable<Type> By(Type type) => Direct(type).SelectMany(Parts).Distinct();

    private static IEnumerable<Type?> Direct(Type type)
    {
        yield return type.BaseType;
        foreach (var implemented in type.GetInterfaces().Except(type.BaseType?.GetInterfaces() ?? [])) yield return implemented;
        foreach (var named in Constraints(type.IsGenericTypeDefinition ? type.GetGenericArguments() : [])) yield return named;
        foreach (var member in type.GetMembers(Own).Append(type))
            foreach (var named in Attributes(member)) yield return named;
        foreach (var field in type.GetFields(Own)) yield return field.FieldType;
        foreach (var method in type.GetMethods(Own).Concat<MethodBase>(type.GetConstructors(Own)))
            foreach (var named in Method(method)) yield return named;
    }

    private static IEnumerable<Type?> Method(MethodBase method)
    {
        if (method is MethodInfo info) yield return info.ReturnType;
        foreach (var parameter in method.GetParameters()) yield return parameter.ParameterType;
        foreach (var named in Constraints(method.IsGenericMethodDefinition ? method.GetGenericArguments() : [])) yield return named;
        if (method.GetMethodBody() is not { } body) yield break;
        foreach (var local in body.LocalVariables) yield return local.LocalType;
        foreach (var clause in body.ExceptionHandlingClauses)
            if (clause.Flags is ExceptionHandlingClauseOptions.Clause) yield return clause.CatchType;
        foreach (var token in Tokens(body.GetILAsByteArray()!))
            foreach (var named in Member(Resolve(method, token))) yield return named;
    }

    private static MemberInfo? Resolve(MethodBase method, int token) => method.Module.ResolveMember(
        token, method.DeclaringType!.GetGenericArguments(), method is MethodInfo { IsGenericMethod: true } ? method.GetGenericArguments() : null);

    private static IEnumerable<Type?> Member(MemberInfo? member) => member switch
    {
        Type type => [type],
        FieldInfo field => [field.DeclaringType, field.FieldType],
        MethodInfo { IsGenericMethod: true } method => [method.DeclaringType, .. method.GetGenericArguments()],
        _ => [member?.DeclaringType],
    };

    private static IEnumerable<Type> Constraints(Type[] parameters) => parameters.SelectMany(parameter => parameter.GetGenericParameterConstraints());

    private static IEnumerable<Type> Attributes(MemberInfo member) => member.GetCustomAttributesData().SelectMany(attribute =>
        attribute.ConstructorArguments.Select(argument => argument.Value).OfType<Type>().Append(attribute.AttributeType));

    /// <summary>A type and what it is made of: elements, arguments, and the types that it lies within.</summary>
    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter) yield break;
        if (type.HasElementType)
        {
            foreach (var part in Parts(type.GetElementType())) yield return part;
            yield break;
        }
        foreach (var argument in type.GetGenericArguments())
            foreach (var part in Parts(argument)) yield return part;
        yield return type;
    }

    /// <summary>The tokens of types and members in a method's instructions (ECMA-335 III.1.9).</summary>
    private static IEnumerable<int> Tokens(byte[] il)
    {
        for (var at = 0; at < il.Length;)
        {
            short code = il[at++];
            if (code == 0xFE) code = (short)(0xFE00 | il[at++]);
            var operand = Operands[code];
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BitConverter.ToInt32(il, at);
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(il, at),
                _ => 4,
            };
        }
    }
}
